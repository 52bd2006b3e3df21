"""Writes postings into the ledger, each outside fact once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from niyat.kernel.db import Connection
from niyat.payments.postings import DOCTOR_PAYABLE, PATIENT_DEPOSIT, REFUND_OWED, Posting, Sources

TRANSACTION = """
INSERT INTO ledger_transactions (external_key, appointment_id, payment_id, refund_id, event_at)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT (external_key) DO NOTHING RETURNING id
"""
ENTRIES = """
INSERT INTO ledger_entries (transaction_id, account, amount, currency)
SELECT $1, account, amount, $4 FROM unnest($2::text[], $3::bigint[]) AS e (account, amount)
"""
DEPOSIT = """
SELECT coalesce(-sum(e.amount), 0)::bigint FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
WHERE t.appointment_id = $1 AND e.account = $2
"""

OWED = """
SELECT coalesce(-sum(e.amount), 0)::bigint FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
    JOIN refunds r ON r.refund_id = t.refund_id
WHERE r.gateway_payment_id = $1 AND e.account = $2
"""


async def post(
    conn: Connection,
    posting: Posting,
    *,
    currency: str,
    appointment_id: UUID,
    payment_id: UUID | None,
    at: datetime,
    refund_id: UUID | None = None,
) -> bool:
    """Write `posting`; False when that fact is in the ledger already."""
    if not posting.entries:
        return False
    transaction_id = await conn.fetchval(TRANSACTION, posting.key, appointment_id, payment_id, refund_id, at)
    if transaction_id is None:
        return False
    accounts, amounts = zip(*posting.entries, strict=True)
    await conn.execute(ENTRIES, transaction_id, list(accounts), list(amounts), currency)
    return True


async def deposit_of(conn: Connection, appointment_id: UUID) -> int:
    """What the patient's deposit for this appointment still holds, in minor units."""
    held: int = await conn.fetchval(DEPOSIT, appointment_id, PATIENT_DEPOSIT)
    return held


async def sources_of(conn: Connection, appointment_id: UUID, gateway_payment_id: str, amount: int) -> Sources:
    """Where a refund of `amount` of this attempt comes from, as the ledger is now."""
    owed = await conn.fetchval(OWED, gateway_payment_id, REFUND_OWED)
    return Sources.of(amount, deposit=await deposit_of(conn, appointment_id), owed=owed)


async def overdrawn(conn: Connection, appointment_id: UUID) -> int:
    """What refunds of this appointment took from doctors beyond what it had earned them, in minor units."""
    return max(0, -int(await conn.fetchval(DEPOSIT, appointment_id, DOCTOR_PAYABLE)))
