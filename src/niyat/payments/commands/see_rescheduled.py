"""A visit moved. What it costs less at its new time goes back, once; the rest of its money stays with it.

The event of a move may come after that of the visit's end, which says the price too: whichever is first sees to it.
"""

from __future__ import annotations

from niyat.events.catalogue import AppointmentCompleted, AppointmentNoShow, AppointmentRescheduled
from niyat.kernel.db import Connection
from niyat.kernel.log import get_logger
from niyat.payments.commands.case import Case, lock_case
from niyat.payments.commands.refund import intend_refund, promised
from niyat.payments.domain import owed_on_move

log = get_logger(__name__)

# A price only falls, so that the lowest is the newest: a late or repeated event changes nothing.
MOVE = """
UPDATE payment_cases SET starts_at = CASE WHEN $2 > revision THEN $3 ELSE starts_at END,
    revision = greatest(revision, $2), moved_back = greatest(moved_back, $4), updated_at = niyat_now()
WHERE appointment_id = $1 RETURNING moved_back
"""
PAYMENT = "SELECT * FROM payment_transactions WHERE payment_id = $1 FOR UPDATE"
KEPT = "SELECT * FROM payment_attempts WHERE payment_id = $1 AND step = 'kept' FOR UPDATE"
# What the sweep gives back of a visit that was cancelled before its move was heard of has the move in it.
DECIDED = """
SELECT coalesce(sum(amount), 0)::bigint FROM refunds
WHERE gateway_payment_id = $1 AND (cause ~ ':moved:[0-9]+$' OR cause = $1 || ':cancelled')
"""


async def see_rescheduled(conn: Connection, event: AppointmentRescheduled) -> None:
    """Remember the new time and price, and intend the refund of the difference, under the case's lock.

    A closed case has reckoned with it: what closed it says what the visit cost by then.
    """
    case = await lock_case(conn, event.appointment_id)
    if case is not None:
        await give_back_moves(conn, case, event)


async def give_back_moves(
    conn: Connection, case: Case, event: AppointmentRescheduled | AppointmentCompleted | AppointmentNoShow
) -> None:
    """Intend what of the money of the event's visit is to go back, as it costs now. The case is locked."""
    cheaper = case.row["amount"] - event.amount
    moved_back = await conn.fetchval(MOVE, event.appointment_id, event.revision, event.starts_at, cheaper)
    if case.closed or not moved_back:
        return
    payment = await conn.fetchrow(PAYMENT, event.payment_id)
    kept = await conn.fetchrow(KEPT, event.payment_id)
    if payment is None or kept is None:
        log.error(
            "a visit that was paid for moved, and its money is not here", payment_id=str(event.payment_id)
        )
        return
    attempt_id = kept["gateway_payment_id"]
    owed = owed_on_move(
        kept["captured_amount"],
        await promised(conn, attempt_id),
        moved_back,
        await conn.fetchval(DECIDED, attempt_id),
    )
    if owed:
        await intend_refund(
            conn, case, payment, kept, owed, reason="moved", cause=f"{attempt_id}:moved:{event.revision}",
            source="appointments",
        )  # fmt: skip
