"""Closes an order that nobody paid: a quarter of an hour old, its hold over, and the gateway has just said so.

The gateway cannot withdraw it, so it is asked about further on; it is only not shown to the patient any more.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from niyat.kernel.db import Connection
from niyat.payments.commands.case import lock_case_of_payment, note

UNPAID_AFTER = timedelta(minutes=15)
CLOSE = """
UPDATE payment_transactions t SET open = false, updated_at = niyat_now() FROM payment_cases c
WHERE t.payment_id = $1 AND c.appointment_id = t.appointment_id AND t.open AND t.gateway_order_id IS NOT NULL
    AND t.status IN ('pending', 'failed') AND t.created_at <= niyat_now() - $2::interval
    AND c.hold_expires_at < niyat_now() - interval '1 minute' AND NOT EXISTS (
        SELECT FROM payment_attempts a WHERE a.payment_id = t.payment_id AND a.status IN ('created', 'authorized'))
RETURNING t.*
"""


async def close_unpaid(conn: Connection, payment_id: UUID) -> None:
    """Close the payment's order, unless it is young, still held for, or somebody is paying it."""
    await lock_case_of_payment(conn, payment_id)
    payment = await conn.fetchrow(CLOSE, payment_id, UNPAID_AFTER)
    if payment is not None:
        await note(conn, payment, "order", source="poll", now="closed", reason="not-paid")
