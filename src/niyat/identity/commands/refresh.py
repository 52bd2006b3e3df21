"""Refresh a session: its refresh token is replaced by the next one each time.

Within the grace a replaced token still leads to the newest one, so that two tabs may refresh at once. After it,
somebody has a copy: the whole session ends, and both must sign in again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from niyat.identity.commands.end_session import end_session
from niyat.identity.domain import REFRESH_GRACE, REFRESH_TOKEN_LIFETIME
from niyat.identity.hashing import Keyed, plain_hash
from niyat.kernel.db import Connection, Row
from niyat.kernel.log import get_logger

log = get_logger(__name__)

LOCK_SESSION = """
SELECT s.id, s.ended_at, s.account_id, a.disabled_at, a.roles FROM sessions s JOIN accounts a ON a.id = s.account_id
WHERE s.id = (SELECT session_id FROM refresh_tokens WHERE hash = $1) FOR UPDATE OF s
"""
READ = """
SELECT expires_at <= niyat_now() AS expired, replaced_at IS NOT NULL AS replaced,
       replaced_at > niyat_now() - $2::interval AS in_grace
FROM refresh_tokens WHERE hash = $1
"""
IS_REPLACED = "SELECT replaced_at IS NOT NULL FROM refresh_tokens WHERE hash = $1"
REPLACE = """
UPDATE refresh_tokens SET replaced_at = niyat_now(), replaced_by = $2 WHERE hash = $1 AND replaced_at IS NULL
"""
INSERT_NEXT = """
INSERT INTO refresh_tokens (hash, session_id, expires_at) VALUES ($1, $2, niyat_now() + $3::interval)
"""
SEEN = "UPDATE sessions SET last_seen_at = niyat_now() WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A session that goes on, with the refresh token to use next."""

    session_id: UUID
    account_id: UUID
    roles: list[str]
    refresh_token: str = field(repr=False)


async def refresh(conn: Connection, keyed: Keyed, token: str) -> Refreshed | None:
    """Go on with the session of `token`, or None when it is over. None may have ended it, so commit it too."""
    session = await conn.fetchrow(LOCK_SESSION, plain_hash(token))
    if session is None or session["ended_at"] is not None or session["disabled_at"] is not None:
        return None
    # Read after the session's lock: a refresh that went before us may just have replaced it.
    row = await conn.fetchrow(READ, plain_hash(token), REFRESH_GRACE)
    if row is None or row["expired"]:
        return None
    following: str | None
    if not row["replaced"]:
        following = await _replace(conn, keyed, session["id"], token)
    elif row["in_grace"]:
        following = await _newest(conn, keyed, token)
    else:
        await end_session(conn, session["id"], "token-reused")
        log.warning("a refresh token was used twice and its session ended", session_id=str(session["id"]))
        return None
    return _refreshed(session, following) if following else None


async def _replace(conn: Connection, keyed: Keyed, session_id: UUID, token: str) -> str:
    following = keyed.successor(token)
    await conn.execute(REPLACE, plain_hash(token), plain_hash(following))
    await conn.execute(INSERT_NEXT, plain_hash(following), session_id, REFRESH_TOKEN_LIFETIME)
    await conn.execute(SEEN, session_id)
    return following


async def _newest(conn: Connection, keyed: Keyed, token: str) -> str | None:
    """The end of the chain from `token` on; None when it is broken, which a new secret does."""
    replaced = True
    while replaced:
        token = keyed.successor(token)
        replaced = await conn.fetchval(IS_REPLACED, plain_hash(token))
    return token if replaced is False else None


def _refreshed(session: Row, token: str) -> Refreshed:
    return Refreshed(session["id"], session["account_id"], session["roles"], token)
