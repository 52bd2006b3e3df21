"""Sign in: a code that proves an address starts a session; the first time, it makes the account of a patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from niyat.identity.commands.check_code import NotProven, Proven, check_code
from niyat.identity.domain import DEFAULT_TIME_ZONE, REFRESH_TOKEN_LIFETIME, Limits
from niyat.identity.errors import AccountDisabled
from niyat.identity.hashing import Keyed, new_refresh_token, plain_hash
from niyat.kernel.db import Connection, Row, one
from niyat.kernel.ids import new_id

FIND_BY_PHONE = "SELECT * FROM accounts WHERE phone = $1 FOR UPDATE"
FIND_BY_EMAIL = "SELECT * FROM accounts WHERE email = $1 AND email_verified_at IS NOT NULL FOR UPDATE"
# Two first sign-ins at once: the second finds the account of the first.
CREATE_BY_PHONE = """
INSERT INTO accounts (id, roles, name, phone, language, time_zone) VALUES ($1, '{patient}', $2, $3, $4, $5)
ON CONFLICT (phone) DO NOTHING
"""
CREATE_BY_EMAIL = """
INSERT INTO accounts (id, roles, name, email, email_verified_at, language, time_zone)
VALUES ($1, '{patient}', $2, $3, niyat_now(), $4, $5)
ON CONFLICT (email) WHERE email_verified_at IS NOT NULL DO NOTHING
"""
NAME = "UPDATE accounts SET name = $2, updated_at = niyat_now() WHERE id = $1 AND name IS NULL RETURNING *"
INSERT_SESSION = "INSERT INTO sessions (id, account_id, user_agent) VALUES ($1, $2, $3)"
INSERT_REFRESH = """
INSERT INTO refresh_tokens (hash, session_id, expires_at) VALUES ($1, $2, niyat_now() + $3::interval)
"""


@dataclass(frozen=True, slots=True)
class Started:
    """A session and its first refresh token."""

    session_id: UUID
    account: Row
    refresh_token: str = field(repr=False)


async def start_session(
    conn: Connection,
    keyed: Keyed,
    limits: Limits,
    challenge_id: UUID,
    code: str,
    *,
    name: str | None,
    user_agent: str,
) -> Started | NotProven:
    """Start a session if `code` is right. `name` is kept if the account has none yet.

    Raises AccountDisabled, TooManyRequests.
    """
    checked = await check_code(conn, keyed, limits, challenge_id, code)
    if isinstance(checked, NotProven):
        return checked
    account = await _account_of(conn, checked, name)
    if account["disabled_at"] is not None:
        raise AccountDisabled
    session_id, refresh_token = new_id(), new_refresh_token()
    await conn.execute(INSERT_SESSION, session_id, account["id"], user_agent)
    await conn.execute(INSERT_REFRESH, plain_hash(refresh_token), session_id, REFRESH_TOKEN_LIFETIME)
    return Started(session_id, account, refresh_token)


async def _account_of(conn: Connection, proven: Proven, name: str | None) -> Row:
    by_phone = proven.address.channel == "SMS"
    find, create = (FIND_BY_PHONE, CREATE_BY_PHONE) if by_phone else (FIND_BY_EMAIL, CREATE_BY_EMAIL)
    account: Row | None = await conn.fetchrow(find, proven.address.value)
    if account is None:
        await conn.execute(create, new_id(), name, proven.address.value, proven.language, DEFAULT_TIME_ZONE)
        account = await one(conn, find, proven.address.value)  # made by us, or just now by the other
    if account["name"] is None and name is not None:
        account = await one(conn, NAME, account["id"], name)
    return account
