"""A visit that will not take place, or whose doctor did not come: its case is closed, and what is owed of captured
money becomes a refund (protocol step 5). What is kept is earned.
"""

from __future__ import annotations

from uuid import UUID

from niyat.events.catalogue import AppointmentCancelled, AppointmentNoShow
from niyat.kernel.db import Connection, Row
from niyat.payments.commands.case import Case, lock_case
from niyat.payments.commands.earn import earn
from niyat.payments.commands.refund import intend_refund, promised
from niyat.payments.commission import Terms
from niyat.payments.domain import owed_on_close

CLOSE = """
UPDATE payment_cases SET status = 'closed', closed_at = niyat_now(), owed_payment_id = $2, owed_back = $3,
    moved_back = greatest(moved_back, $4), updated_at = niyat_now() WHERE appointment_id = $1 AND status = 'open'
"""
# New orders are not shown any more. The gateway cannot withdraw those that were: late money is found and returned.
NO_MORE_PAYING = """
UPDATE payment_transactions SET open = false, poll_at = least(poll_at, niyat_now()), updated_at = niyat_now()
WHERE appointment_id = $1
"""
WITH_MONEY = (
    "SELECT * FROM payment_attempts WHERE appointment_id = $1 AND captured_amount > 0 ORDER BY captured_at"
)
PAYMENT = "SELECT * FROM payment_transactions WHERE payment_id = $1 FOR UPDATE"


async def close_case(
    conn: Connection, event: AppointmentCancelled | AppointmentNoShow, *, terms: Terms
) -> None:
    """Close the case, intend the refunds that are owed, and post what is kept as earned.

    ◆ Money captured *before* gets its refund here; money captured *after* meets a closed case, in record_attempt.
    Both happen under the case's lock, so one of them sees the other.
    """
    case = await lock_case(conn, event.appointment_id)
    if case is None or case.closed:
        return
    confirmed = event.payment_id if isinstance(event, AppointmentNoShow) or event.was_confirmed else None
    moved_back = max(case.row["moved_back"], case.row["amount"] - event.amount)
    owed_back = moved_back + event.amount_owed_back if confirmed else None
    await conn.execute(CLOSE, event.appointment_id, confirmed, owed_back, moved_back)
    await conn.execute(NO_MORE_PAYING, event.appointment_id)
    reason = "cancelled" if isinstance(event, AppointmentCancelled) else f"{event.party}-no-show"
    for attempt in await conn.fetch(WITH_MONEY, event.appointment_id):
        await _give_back(conn, case, attempt, confirmed, owed_back, reason)
    if confirmed:
        await earn(conn, case, terms=terms, at=event.occurred_at)


async def _give_back(
    conn: Connection, case: Case, attempt: Row, confirmed: UUID | None, owed_back: int | None, reason: str
) -> None:
    payment = await conn.fetchrow(PAYMENT, attempt["payment_id"])
    if payment is None:
        return
    confirmed_it = (
        payment["payment_id"] == confirmed and payment["gateway_payment_id"] == attempt["gateway_payment_id"]
    )
    already = await promised(conn, attempt["gateway_payment_id"])
    owed = owed_on_close(attempt["captured_amount"], already, owed_back if confirmed_it else None)
    if owed:
        await intend_refund(
            conn, case, payment, attempt, owed, reason=reason,
            cause=f"{attempt['gateway_payment_id']}:cancelled", source="appointments",
        )  # fmt: skip
