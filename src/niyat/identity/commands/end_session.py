"""End a session: by signing out, from the list of one's sessions, or because its refresh token was stolen."""

from __future__ import annotations

from typing import Literal, TypeAlias
from uuid import UUID

from niyat.identity.errors import SessionNotFound
from niyat.kernel.db import Connection

EndReason: TypeAlias = Literal["signed-out", "revoked", "token-reused", "expired"]

END = """
UPDATE sessions SET ended_at = niyat_now(), end_reason = $2 WHERE id = $1 AND ended_at IS NULL RETURNING id
"""
OF_ACCOUNT = "SELECT id FROM sessions WHERE id = $1 AND account_id = $2 AND ended_at IS NULL"
FORGET_TOKENS = "DELETE FROM refresh_tokens WHERE session_id = $1"


async def end_session(conn: Connection, session_id: UUID, reason: EndReason) -> None:
    """End it, with its refresh tokens. Ending it again changes nothing.

    Access tokens that other services accept without asking us last at most ten minutes longer.
    """
    if await conn.fetchval(END, session_id, reason) is not None:
        await conn.execute(FORGET_TOKENS, session_id)


async def revoke_session(conn: Connection, session_id: UUID, account_id: UUID) -> None:
    """End another session of one's own. Raises SessionNotFound for one that is not there, over, or not theirs."""
    if await conn.fetchval(OF_ACCOUNT, session_id, account_id) is None:
        raise SessionNotFound
    await end_session(conn, session_id, "revoked")
