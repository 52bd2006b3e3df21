"""How fast a provider may be given messages: a bucket of tokens per channel, shared by all workers.

It fills by the pace and holds a second's worth. Whoever claims spends, in the same transaction, so two workers
together keep the pace of one.
"""

from __future__ import annotations

from math import floor

from niyat.kernel.db import Connection
from niyat.notifications.domain import NotificationChannel

# Whoever waited for the row may have an earlier clock than the one before: nothing is counted twice.
FILL = """
INSERT INTO provider_paces AS p (channel, tokens, counted_at) VALUES ($1, $2, niyat_now())
ON CONFLICT (channel) DO UPDATE SET
    tokens = LEAST($2, p.tokens + $3 * GREATEST(0, EXTRACT(epoch FROM niyat_now() - p.counted_at)::double precision)),
    counted_at = GREATEST(p.counted_at, niyat_now())
RETURNING tokens
"""
SPEND = "UPDATE provider_paces SET tokens = tokens - $2 WHERE channel = $1"


async def left(conn: Connection, channel: NotificationChannel, per_second: float) -> int:
    """How many messages may go now; below 1 none. Holds the bucket until the transaction ends."""
    tokens: float = await conn.fetchval(FILL, channel, max(1.0, per_second), per_second)
    return floor(tokens)


async def spend(conn: Connection, channel: NotificationChannel, count: int) -> None:
    """Count them."""
    await conn.execute(SPEND, channel, float(count))
