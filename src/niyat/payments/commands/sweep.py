"""Captured, and no APPOINTMENT_CONFIRMED seen for a while: ask appointments, then confirm or give back (step 8)."""

from __future__ import annotations

from datetime import timedelta

from niyat.kernel.db import Connection, Row
from niyat.kernel.errors import ServiceUnavailable
from niyat.kernel.log import get_logger
from niyat.payments.commands.case import lock_case_of_payment
from niyat.payments.commands.refund import intend_refund, promised
from niyat.payments.commands.see_appointment import CONFIRM
from niyat.payments.commands.take_step import take_step
from niyat.payments.domain import Secured, Step, owed_on_close
from niyat.payments.parts import Parts
from niyat.payments.ports import Verdict

log = get_logger(__name__)

CLAIM = """
UPDATE payment_attempts a SET next_at = niyat_now() + $2, tries = tries + 1 WHERE gateway_payment_id IN (
    SELECT k.gateway_payment_id FROM payment_attempts k JOIN payment_cases c USING (appointment_id)
    WHERE k.step = 'kept' AND c.status = 'open' AND c.confirmed_at IS NULL
        AND k.captured_at <= niyat_now() - $1::interval AND k.next_at <= niyat_now()
    ORDER BY k.next_at LIMIT 50 FOR UPDATE OF k SKIP LOCKED)
RETURNING a.*
"""
ATTEMPT = "SELECT * FROM payment_attempts WHERE gateway_payment_id = $1 FOR UPDATE"
ASK_AGAIN = timedelta(minutes=2)


async def sweep(parts: Parts) -> int:
    """Ask about every captured payment whose visit is not known to be confirmed; how many were asked about."""
    after = timedelta(seconds=parts.settings.sweep_after_seconds)
    due = await parts.db.fetch(CLAIM, after, ASK_AGAIN)
    for attempt in due:
        try:
            await _ask(parts, attempt)
        except Exception:  # logged, and asked again at its next turn; the others must not wait for it
            log.exception("a capture could not be swept", gateway_payment_id=attempt["gateway_payment_id"])
    return len(due)


async def _ask(parts: Parts, attempt: Row) -> None:
    try:
        verdict = await parts.appointments.payment_captured(
            attempt["appointment_id"],
            attempt["payment_id"],
            attempt["captured_amount"],
            attempt["currency"],
        )
    except ServiceUnavailable:
        return  # unknown: asked again at its next turn
    await parts.db.run(_settle, attempt, verdict)


async def _settle(conn: Connection, swept: Row, verdict: Verdict) -> None:
    case, payment = await lock_case_of_payment(conn, swept["payment_id"])
    attempt = await conn.fetchrow(ATTEMPT, swept["gateway_payment_id"])
    if attempt is None or Step(attempt["step"]) is not Step.KEPT or case.closed:
        return
    if verdict.outcome is Secured.CONFIRMED:
        await conn.execute(CONFIRM, case.appointment_id, payment["payment_id"])
        return
    if verdict.outcome in (Secured.BUSY, Secured.SECURED):
        return
    reason = verdict.outcome.value
    captured = attempt["captured_amount"]
    if verdict.amount_owed_back >= captured or verdict.outcome is not Secured.CANCELLED:
        # No visit came of this money: all of it goes back, whatever else is owed.
        await take_step(conn, case, payment, attempt, Step.RETURNING, source="sweep", reason=reason)
        return
    owed = owed_on_close(
        captured, await promised(conn, attempt["gateway_payment_id"]), verdict.amount_owed_back
    )
    if owed:
        await intend_refund(
            conn, case, payment, attempt, owed, reason=reason,
            cause=f"{attempt['gateway_payment_id']}:cancelled", source="sweep",
        )  # fmt: skip
