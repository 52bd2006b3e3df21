"""Moves an attempt from step to step along `STEPS`, with what each step brings in the same transaction."""

from __future__ import annotations

from niyat.events.catalogue import PaymentCompleted, PaymentReleased
from niyat.kernel.db import Connection, Row, one
from niyat.kernel.log import get_logger
from niyat.payments.commands.case import Case, note, tell
from niyat.payments.commands.refund import give_back_all
from niyat.payments.commands.tell_receipt import tell_receipt
from niyat.payments.domain import MIGHT_BE_SECURED, STEPS, CaseView, Step, lets_go, method_of

log = get_logger(__name__)

OTHERS = """
SELECT coalesce(bool_or(step = 'kept'), false) AS kept, count(*) > 0 AS claimed FROM payment_attempts
WHERE appointment_id = $1 AND gateway_payment_id <> $2 AND step IN ('capturing', 'kept')
"""
MOVE = """
UPDATE payment_attempts SET step = $3, tries = 0, updated_at = niyat_now(),
    next_at = CASE WHEN $3 = 'capturing' THEN next_at WHEN $3 IN ('securing', 'kept') THEN niyat_now() END,
    capture_asked_at = CASE WHEN $3 = 'capturing' THEN NULL ELSE capture_asked_at END
WHERE gateway_payment_id = $1 AND step = $2
"""
KEEP = """
UPDATE payment_transactions SET gateway_payment_id = $2, captured_amount = $3, status = 'captured', refunded_amount = 0
WHERE payment_id = $1 AND gateway_payment_id IS DISTINCT FROM $2
"""
# It is paid: no order of another payment is to be shown any more.
NO_OTHER = """
UPDATE payment_transactions SET open = false, updated_at = niyat_now() WHERE appointment_id = $1 AND open
"""
SHUT = "UPDATE payment_transactions SET open = false, updated_at = niyat_now() WHERE payment_id = $1 AND open"
WATCH = """
UPDATE payment_transactions SET poll_at = least(coalesce(poll_at, niyat_now() + interval '1 minute'),
    niyat_now() + interval '1 minute') WHERE payment_id = $1
"""

SIBLINGS = "SELECT step FROM payment_attempts WHERE payment_id = $1 AND gateway_payment_id <> $2"
LET_GO = """
UPDATE payment_cases SET securing = securing + 1 WHERE appointment_id = $1 RETURNING securing - 1
"""
# Whoever waited for this attempt to be decided may go on at once.
WAKE = """
UPDATE payment_attempts SET next_at = niyat_now(), tries = 0
WHERE appointment_id = $1 AND gateway_payment_id <> $2 AND step = 'securing'
"""


class IllegalStep(RuntimeError):
    """A step that `STEPS` does not have: a defect of ours; the transaction is rolled back."""


async def case_view(conn: Connection, case: Case, gateway_payment_id: str) -> CaseView:
    """The locked case as this attempt sees it."""
    others = await one(conn, OTHERS, case.appointment_id, gateway_payment_id)
    return CaseView(
        closed=case.closed, taken_by_other=bool(others["kept"]), claimed_by_other=bool(others["claimed"])
    )


async def take_step(
    conn: Connection, case: Case, payment: Row, attempt: Row, step: Step, *, source: str, reason: str | None
) -> None:
    """Take `step` and do what belongs to it: publish, give back, watch. The case is locked by the caller."""
    was = Step(attempt["step"])
    attempt_id = attempt["gateway_payment_id"]
    if (was, step) not in STEPS:
        raise IllegalStep(f"{attempt_id}: {was} → {step}")
    if await conn.execute(MOVE, attempt_id, was, step) != "UPDATE 1":
        raise IllegalStep(f"{attempt_id} is not {was} any more")
    await note(conn, payment, "step", source=source, attempt=attempt_id, was=was, now=step, reason=reason)
    if step is Step.KEPT:
        await conn.execute(KEEP, payment["payment_id"], attempt_id, attempt["captured_amount"])
        await conn.execute(NO_OTHER, case.appointment_id)
        at_desk = payment["gateway"] == "manual"
        await tell(
            conn, case, PaymentCompleted, payment, method=method_of(attempt["method"]),
            order_id=None if at_desk else payment["gateway_order_id"],
            gateway_payment_id=None if at_desk else attempt_id,
        )  # fmt: skip
        await tell_receipt(conn, case, payment, attempt_id)
    if step is Step.RETURNING:
        # ◆ Money captured before or after the case was closed gets its refund intent under the case's lock.
        await give_back_all(conn, case, payment, attempt, reason=reason or "unwanted", source=source)
    await _let_go(conn, case, payment, attempt, step, source=source, reason=reason)
    if was in MIGHT_BE_SECURED and step not in MIGHT_BE_SECURED:
        await conn.execute(WAKE, case.appointment_id, attempt_id)
    if step in (Step.LAPSING, Step.SET_ASIDE, Step.RELEASED):
        # The gateway takes no second payment for this order: who pays again gets another one.
        await conn.execute(SHUT, payment["payment_id"])
    if step in (Step.LAPSING, Step.SET_ASIDE):
        await conn.execute(WATCH, payment["payment_id"])
    if step is Step.SET_ASIDE:
        log.error(
            "a payment of another amount than quoted needs staff", payment_id=str(payment["payment_id"])
        )


async def _let_go(
    conn: Connection, case: Case, payment: Row, attempt: Row, step: Step, *, source: str, reason: str | None
) -> None:
    """◆ The last attempt of a payment to want the place lets go of it, and of every `secure` on its way."""
    attempt_id = attempt["gateway_payment_id"]
    siblings = [Step(row["step"]) for row in await conn.fetch(SIBLINGS, payment["payment_id"], attempt_id)]
    view = await case_view(conn, case, attempt_id)
    known_free = source == "appointments"
    if lets_go(view, Step(attempt["step"]), step, siblings, known_free=known_free):
        securing = await conn.fetchval(LET_GO, case.appointment_id)
        await tell(conn, case, PaymentReleased, payment, reason_code=reason or "released", securing=securing)
