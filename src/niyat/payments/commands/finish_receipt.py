"""Takes a manual receipt from its intent to its end: secure the place, then take the money into the books.

Spans transactions. It differs from a gateway's attempt in two ways: the money is taken by our own posting, in the
transaction that keeps it, so its outcome is never unknown; and it waits for nobody, because somebody stands at the
desk: a place that cannot be had at once is refused, and the money stays in the patient's hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from niyat.kernel.crash import crash_point
from niyat.kernel.db import Connection, Row, one
from niyat.kernel.errors import NiyatError, ServiceUnavailable
from niyat.payments import errors, postings
from niyat.payments.commands.advance import CLAIM, LATER, LONGEST_WAIT
from niyat.payments.commands.case import Case, lock_case_of_payment, note
from niyat.payments.commands.post import post
from niyat.payments.commands.receipt_due import receipt_due
from niyat.payments.commands.record_attempt import MONEY_IN
from niyat.payments.commands.take_step import case_view, take_step
from niyat.payments.commands.void_payment import tell_override
from niyat.payments.domain import Secured, Step, step_of_receipt
from niyat.payments.parts import Parts

DUE = """
SELECT payment_id FROM payment_attempts a JOIN payment_transactions p USING (payment_id)
WHERE a.step = 'securing' AND a.next_at <= niyat_now() AND p.gateway = 'manual' ORDER BY a.next_at LIMIT $1
"""
ATTEMPT = "SELECT * FROM payment_attempts WHERE gateway_payment_id = $1 FOR UPDATE"
CAPTURE = """
UPDATE payment_attempts SET status = 'captured', captured_amount = amount, captured_at = niyat_now(),
    updated_at = niyat_now() WHERE gateway_payment_id = $1 RETURNING *
"""
STATUS = "UPDATE payment_transactions SET status = $2, updated_at = niyat_now() WHERE payment_id = $1"
RECEIPT = "SELECT * FROM manual_receipts WHERE payment_id = $1"
WHY_NOT = """
SELECT reason_code FROM payment_history WHERE payment_id = $1 AND what = 'step' AND to_status = 'released'
"""
REFUSALS: dict[str, type[NiyatError]] = {
    "cancelled": errors.AppointmentCancelled,
    "already-paid": errors.AlreadyPaid,
    "busy": errors.PaymentUnderWay,
    "gone": errors.TimeGone,
    "mismatch": errors.AmountDiffers,
}
TURNS = 3
"""A release that overtakes our wish is rare; three in a row are not an honest case."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What appointments is asked for, as it was decided."""

    payment: Row
    securing: int


async def due_receipts(parts: Parts, limit: int = 50) -> list[UUID]:
    """The receipts that wait to be finished."""
    return [row[0] for row in await parts.db.fetch(DUE, limit)]


def desk_attempt(payment_id: UUID) -> str:
    """The name of a receipt's one attempt, and of its order."""
    return f"desk_{payment_id.hex}"


async def finish_receipt(parts: Parts, payment_id: UUID) -> None:
    """Take a receipt as far as it goes now. Does nothing when another worker is at it.

    Raises what it was refused for, now or before: AppointmentCancelled, AlreadyPaid, PaymentUnderWay, TimeGone,
    AmountDiffers.
    """
    attempt = desk_attempt(payment_id)
    held = await parts.db.fetchval(CLAIM, attempt, timedelta(seconds=parts.settings.lease_seconds))
    if held is not None and not await _decided(parts, payment_id):
        await parts.db.execute(LATER, attempt, LONGEST_WAIT, held)
    if why := await parts.db.fetchval(WHY_NOT, payment_id):
        raise REFUSALS[why]


async def _decided(parts: Parts, payment_id: UUID) -> bool:
    for _ in range(TURNS):
        try:
            if await _turn(parts, payment_id):
                return True
        except ServiceUnavailable:
            return False  # unknown: the call is idempotent and is made again
    return False


async def _turn(parts: Parts, payment_id: UUID) -> bool:
    """Ask for the place once and act on the answer; False: ask again. Raises ServiceUnavailable."""
    wish = await parts.db.run(_wish, payment_id)
    payment = wish.payment
    outcome = await parts.appointments.secure(
        payment["appointment_id"],
        payment_id,
        payment["gateway_order_id"],
        payment["amount"],
        payment["currency"],
        securing=wish.securing,
    )
    crash_point("payments:receipt-secured")
    decided = await parts.db.run(_settle, payment_id, outcome, wish.securing)
    crash_point("payments:receipt-recorded")
    return decided


async def _wish(conn: Connection, payment_id: UUID) -> Wish:
    case, payment = await lock_case_of_payment(conn, payment_id)
    return Wish(payment, case.row["securing"])


async def _settle(conn: Connection, payment_id: UUID, outcome: Secured, securing: int) -> bool:
    case, payment = await lock_case_of_payment(conn, payment_id)
    attempt = await one(conn, ATTEMPT, payment["gateway_order_id"])
    if Step(attempt["step"]) is not Step.SECURING:
        return True
    view = await case_view(conn, case, attempt["gateway_payment_id"])
    overtaken = case.row["securing"] != securing
    step = step_of_receipt(view, outcome, overtaken=overtaken)
    if step is Step.SECURING:
        return False
    if step is Step.KEPT:
        await _keep(conn, case, payment)
        return True
    reason = "cancelled" if case.closed else "busy" if outcome is Secured.SECURED else outcome.value
    await _move(conn, payment, "failed", reason=reason)
    await take_step(conn, case, payment, attempt, step, source="desk", reason=reason)
    return True


async def _keep(conn: Connection, case: Case, payment: Row) -> None:
    """Take the money into the books and say so. The place is secured, the case is locked."""
    receipt = await one(conn, RECEIPT, payment["payment_id"])
    attempt = await one(conn, CAPTURE, payment["gateway_order_id"])
    await conn.execute(
        MONEY_IN, payment["payment_id"], attempt["captured_amount"], attempt["gateway_payment_id"]
    )
    account = postings.desk_account(receipt["method"])
    await post(
        conn, postings.captured(attempt["gateway_payment_id"], attempt["captured_amount"], held_in=account),
        currency=payment["currency"], appointment_id=case.appointment_id, payment_id=payment["payment_id"], at=case.at,
    )  # fmt: skip
    await receipt_due(conn, attempt["gateway_payment_id"], at=attempt["captured_at"])
    await _move(conn, payment, "captured", reason=receipt["reason_code"], actor_id=receipt["received_by"])
    await take_step(conn, case, payment, attempt, Step.KEPT, source="desk", reason=receipt["reason_code"])
    await tell_override(
        conn, case, payment, "captured", actor_id=receipt["received_by"], reason_code=receipt["reason_code"]
    )


async def _move(
    conn: Connection, payment: Row, status: str, *, reason: str, actor_id: UUID | None = None
) -> None:
    await conn.execute(STATUS, payment["payment_id"], status)
    await note(
        conn, payment, "status", source="desk", was=payment["status"], now=status, reason=reason, actor_id=actor_id
    )  # fmt: skip
