"""The gateway's fee for an attempt, from whoever says it first: the payment itself, or the report of its settlement."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from niyat.kernel.db import Connection
from niyat.payments import postings
from niyat.payments.commands.post import post

FEE = "UPDATE payment_attempts SET fee = $2, tax = $3 WHERE gateway_payment_id = $1 AND fee IS NULL"


async def record_fee(
    conn: Connection,
    gateway_payment_id: str,
    *,
    fee: int,
    tax: int,
    currency: str,
    appointment_id: UUID,
    payment_id: UUID,
    at: datetime,
) -> None:
    """Store the fee (`tax` is in it) and post it, once. The case is locked."""
    await conn.execute(FEE, gateway_payment_id, fee, tax)
    await post(
        conn, postings.fee(gateway_payment_id, fee, tax), currency=currency, appointment_id=appointment_id,
        payment_id=payment_id, at=at,
    )  # fmt: skip
