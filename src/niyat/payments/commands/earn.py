"""What is kept of a visit's money is a deposit no more: the visit took place, or will not, and the rest went back."""

from __future__ import annotations

from datetime import datetime

from niyat.kernel.db import Connection
from niyat.payments import postings
from niyat.payments.commands.case import Case
from niyat.payments.commands.post import deposit_of, earnings_of, post
from niyat.payments.commission import Terms

# The terms are kept with what they were applied to: a later setting divides later visits. The tax on the visit is the
# one that its receipt names, whatever the setting says by now.
EARN = """
UPDATE payment_cases SET earned_at = niyat_now(), commission_percent = $2, commission_tax_percent = $3,
    service_tax_percent = coalesce((SELECT (snapshot ->> 'tax_percent')::numeric FROM receipts
        WHERE payment_id = confirmed_payment_id AND refund_id IS NULL ORDER BY receipt_id LIMIT 1), $4),
    updated_at = niyat_now()
WHERE appointment_id = $1 AND earned_at IS NULL
"""
# What a failed refund owes was taken from the deposit once: a refund of that debt takes nothing more of it.
KEPT = """
SELECT coalesce(sum(a.captured_amount - (SELECT coalesce(sum(r.amount - r.from_owed), 0) FROM refunds r
    WHERE r.gateway_payment_id = a.gateway_payment_id AND r.status <> 'superseded')), 0)::bigint
FROM payment_attempts a WHERE a.appointment_id = $1 AND a.step = 'kept'
"""


async def earn(conn: Connection, case: Case, *, terms: Terms, at: datetime) -> None:
    """Post what is kept, less refunds, as earned, once, divided by `terms`.

    Any other money of the appointment is on its way back, or owed, and earned by nobody. The case is locked.
    """
    tag = await conn.execute(
        EARN, case.appointment_id, terms.commission_percent, terms.tax_percent, terms.service_tax_percent
    )
    if tag != "UPDATE 1":
        return
    kept = await conn.fetchval(KEPT, case.appointment_id)
    deposit = max(0, min(kept, await deposit_of(conn, case.appointment_id)))
    earnings = await earnings_of(conn, case.appointment_id)
    await post(
        conn, postings.earned(case.appointment_id, deposit, earnings), currency=case.row["currency"],
        appointment_id=case.appointment_id, payment_id=case.row["confirmed_payment_id"], at=at,
    )  # fmt: skip
