"""When the gateway's lists are read: now and then, and soon after a webhook."""

from __future__ import annotations

from datetime import timedelta

from niyat.kernel.db import Connection
from niyat.payments.parts import Parts

CLAIM = """
UPDATE gateway_lists SET next_at = niyat_now() + $2 WHERE list = $1 AND next_at <= niyat_now() RETURNING list
"""
SOON = "UPDATE gateway_lists SET next_at = least(next_at, niyat_now()) WHERE list = $1"


async def claim_list(parts: Parts, name: str, every: timedelta) -> bool:
    """Whether it is time to read that list; then it is the caller's, until `every` has passed."""
    if not parts.gateway.breaker.at_once(1):
        return False
    return await parts.db.fetchval(CLAIM, name, every) is not None


async def read_soon(conn: Connection, name: str) -> None:
    """Something changed in that list."""
    await conn.execute(SOON, name)
