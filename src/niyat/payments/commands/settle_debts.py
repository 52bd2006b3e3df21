"""Books what doctors owe: a refund after the visit may take back more than the doctor was still owed.

Then `doctor_payable` is below zero, which is no liability: it becomes `doctor_receivable`, and what the doctor earns
next pays it off before anything is paid out. What is owed, taken together, stays as it is.
"""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id
from niyat.payments import payout_postings as postings
from niyat.payments.commands.post import post

DEBTS = """
WITH sums AS (
    SELECT t.doctor_id, e.currency, niyat_now() AS at,
        -coalesce(sum(e.amount) FILTER (WHERE e.account = 'doctor_payable'), 0) AS payable,
        coalesce(sum(e.amount) FILTER (WHERE e.account = 'doctor_receivable'), 0) AS receivable
    FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
    WHERE e.account IN ('doctor_payable', 'doctor_receivable') AND ($1::uuid IS NULL OR t.doctor_id = $1)
    GROUP BY t.doctor_id, e.currency)
SELECT doctor_id, currency, at,
    CASE WHEN payable < 0 THEN -payable ELSE -least(payable, receivable) END::bigint AS amount
FROM sums WHERE payable < 0 OR (payable > 0 AND receivable > 0) ORDER BY doctor_id, currency
"""


async def settle_debts(conn: Connection, doctor_id: UUID | None = None) -> int:
    """Bring both accounts of every doctor, or of one, in line; how many were not. Deciding about payouts is locked."""
    debts = await conn.fetch(DEBTS, doctor_id)
    for debt in debts:
        await post(
            conn, postings.debt(new_id(), debt["amount"]), currency=debt["currency"], appointment_id=None,
            payment_id=None, at=debt["at"], doctor_id=debt["doctor_id"],
        )  # fmt: skip
    return len(debts)
