"""Writes postings into the ledger, each outside fact once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from niyat.kernel.db import Connection
from niyat.payments.commission import Earnings, Shares, Terms
from niyat.payments.postings import PATIENT_DEPOSIT, REFUND_OWED, Posting, Sources

TRANSACTION = """
INSERT INTO ledger_transactions (external_key, appointment_id, payment_id, refund_id, event_at, doctor_id)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (external_key) DO NOTHING RETURNING id
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


EARNED = """
SELECT c.commission_percent, c.commission_tax_percent, c.service_tax_percent,
    coalesce(-sum(e.amount) FILTER (WHERE e.account = 'doctor_payable'), 0)::bigint AS doctor,
    coalesce(-sum(e.amount) FILTER (WHERE e.account = 'platform_revenue'), 0)::bigint AS revenue,
    coalesce(-sum(e.amount) FILTER (WHERE e.account = 'gst_output'), 0)::bigint AS tax
FROM payment_cases c LEFT JOIN ledger_transactions t USING (appointment_id)
    LEFT JOIN ledger_entries e ON e.transaction_id = t.id
WHERE c.appointment_id = $1 GROUP BY c.appointment_id
"""


async def post(
    conn: Connection,
    posting: Posting,
    *,
    currency: str,
    appointment_id: UUID | None,
    payment_id: UUID | None,
    at: datetime,
    refund_id: UUID | None = None,
    doctor_id: UUID | None = None,
) -> bool:
    """Write `posting`; False when that fact is in the ledger already.

    The database books it on the day of `at`, or the first open one; an appointment's posting is its doctor's. Take
    every other lock before: a period is closed between postings, and waits for the transactions that made them.
    """
    if not posting.entries:
        return False
    transaction_id = await conn.fetchval(
        TRANSACTION, posting.key, appointment_id, payment_id, refund_id, at, doctor_id
    )
    if transaction_id is None:
        return False
    accounts, amounts = zip(*posting.entries, strict=True)
    await conn.execute(ENTRIES, transaction_id, list(accounts), list(amounts), currency)
    return True


async def deposit_of(conn: Connection, appointment_id: UUID) -> int:
    """What the patient's deposit for this appointment still holds, in minor units."""
    held: int = await conn.fetchval(DEPOSIT, appointment_id, PATIENT_DEPOSIT)
    return held


async def owed_of(conn: Connection, gateway_payment_id: str) -> int:
    """What failed refunds of this attempt still owe, in minor units."""
    owed: int = await conn.fetchval(OWED, gateway_payment_id, REFUND_OWED)
    return owed


async def sources_of(conn: Connection, appointment_id: UUID, gateway_payment_id: str, amount: int) -> Sources:
    """Where a refund of `amount` of this attempt comes from, as the ledger is now."""
    return Sources.of(
        amount,
        deposit=await deposit_of(conn, appointment_id),
        owed=await owed_of(conn, gateway_payment_id),
        earnings=await earnings_of(conn, appointment_id),
    )


async def earnings_of(conn: Connection, appointment_id: UUID) -> Earnings:
    """What this appointment has earned so far, as the ledger is now, and its terms (none before it has)."""
    row = await conn.fetchrow(EARNED, appointment_id)
    if row is None:
        return Earnings()
    return Earnings(
        Shares(row["doctor"], row["revenue"], row["tax"]),
        Terms(row["commission_percent"], row["commission_tax_percent"], row["service_tax_percent"]),
    )
