"""Reads: accounts, sessions, and the checks that a token's session still goes on."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from uuid import UUID

from niyat.identity.errors import AccountNotFound
from niyat.identity.hashing import plain_hash
from niyat.kernel.db import Database, Row

ACCOUNT = "SELECT * FROM accounts WHERE id = $1"
ACCOUNTS = "SELECT * FROM accounts WHERE id = ANY ($1)"
ADMINISTRATORS = """
SELECT id FROM accounts WHERE 'admin' = ANY (roles) AND disabled_at IS NULL ORDER BY id LIMIT 100
"""
SESSIONS = """
SELECT id, created_at, last_seen_at, user_agent FROM sessions
WHERE account_id = $1 AND ended_at IS NULL AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""
SESSION_GOES_ON = """
SELECT EXISTS (
    SELECT FROM sessions s JOIN accounts a ON a.id = s.account_id
    WHERE s.id = $1 AND a.id = $2 AND s.ended_at IS NULL AND a.disabled_at IS NULL)
"""
CLIENT_SECRET = "SELECT secret_hash FROM service_clients WHERE client_id = $1"  # noqa: S105 - SQL


async def account(db: Database, account_id: UUID) -> Row:
    """Raises AccountNotFound."""
    row = await db.fetchrow(ACCOUNT, account_id)
    if row is None:
        raise AccountNotFound
    return row


async def accounts(db: Database, account_ids: Collection[UUID]) -> list[Row]:
    """Those that are there, in no order."""
    return await db.fetch(ACCOUNTS, list(account_ids))


async def administrators(db: Database) -> list[UUID]:
    """The accounts of those who run the clinic, a hundred at most."""
    return [row["id"] for row in await db.fetch(ADMINISTRATORS)]


async def live_sessions(db: Database, account_id: UUID, *, after: UUID | None, limit: int) -> list[Row]:
    """Newest first; one more than `limit` when there are more."""
    return await db.fetch(SESSIONS, account_id, after, limit + 1)


async def session_goes_on(db: Database, session_id: UUID, account_id: UUID) -> bool:
    """Whether this session of this account has neither ended nor been disabled."""
    return bool(await db.fetchval(SESSION_GOES_ON, session_id, account_id))


async def is_client(db: Database, client_id: str, secret: str) -> bool:
    """Whether `secret` is this service's; an unknown one takes as long."""
    stored = await db.fetchval(CLIENT_SECRET, client_id)
    return hmac.compare_digest(stored or bytes(32), plain_hash(secret)) and stored is not None
