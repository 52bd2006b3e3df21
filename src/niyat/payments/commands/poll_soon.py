"""Somebody says, unsigned, that something happened to a payment: believe nothing, and ask the gateway soon."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection

SOON = """
UPDATE payment_transactions SET poll_at = least(poll_at, niyat_now() + interval '5 seconds')
WHERE payment_id = $1 AND open AND poll_at IS NOT NULL
"""


async def poll_soon(conn: Connection, payment_id: UUID) -> None:
    """Ask about an open payment a little earlier than planned; how often it is asked about stays as it was."""
    await conn.execute(SOON, payment_id)
