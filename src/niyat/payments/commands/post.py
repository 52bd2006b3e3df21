"""Writes postings into the ledger, each outside fact once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from niyat.kernel.db import Connection
from niyat.payments.postings import PATIENT_DEPOSIT, Posting

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
