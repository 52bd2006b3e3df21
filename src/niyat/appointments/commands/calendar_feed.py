"""An account's private calendar feed: make its address, revoke it, read by it.

The address holds 256 random bits and is shown once; what is kept is its hash, by which a reader is found.
"""

from __future__ import annotations

import hashlib
import secrets
from uuid import UUID

from niyat.appointments.errors import CalendarFeedNotFound
from niyat.kernel.db import Connection
from niyat.kernel.errors import TooManyRequests

READS_AN_HOUR = 60

MAKE = """
INSERT INTO calendar_feeds (account_id, token_hash) VALUES ($1, $2)
ON CONFLICT (account_id) DO UPDATE SET token_hash = excluded.token_hash, made_at = excluded.made_at,
    last_read_at = NULL, counted_from = excluded.counted_from, reads = 0
"""
REVOKE = "DELETE FROM calendar_feeds WHERE account_id = $1"
READ = """
UPDATE calendar_feeds SET
    last_read_at = niyat_now(),
    counted_from = CASE WHEN counted_from > niyat_now() - interval '1 hour' THEN counted_from ELSE niyat_now() END,
    reads = CASE WHEN counted_from > niyat_now() - interval '1 hour' THEN reads + 1 ELSE 1 END
WHERE token_hash = $1
RETURNING account_id, reads, ceil(extract(epoch FROM counted_from + interval '1 hour' - niyat_now()))::int AS wait
"""


async def make_feed(conn: Connection, account_id: UUID) -> str:
    """The token of a new address; the one before it, if any, leads nowhere from now on."""
    token = secrets.token_urlsafe(32)
    await conn.execute(MAKE, account_id, _hash(token))
    return token


async def revoke_feed(conn: Connection, account_id: UUID) -> None:
    """From now on the address leads nowhere. Nothing happens where there is none."""
    await conn.execute(REVOKE, account_id)


async def note_read(conn: Connection, token: str) -> UUID:
    """Whose feed the token leads to. Raises CalendarFeedNotFound, TooManyRequests."""
    row = await conn.fetchrow(READ, _hash(token))
    if row is None:
        raise CalendarFeedNotFound
    if row["reads"] > READS_AN_HOUR:
        raise TooManyRequests(retry_after_seconds=row["wait"])
    account_id: UUID = row["account_id"]
    return account_id


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
