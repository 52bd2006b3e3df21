"""Drives one attempt with money in it: secure the place, capture, and ask until the outcome is known.

Spans transactions (protocol steps 2 to 4). Each turn decides under the case's lock and stores the intent; the
call is made with no transaction open; its answer is stored. A worker that dies leaves a row that says where it
was, and `next_at`, which is also its lease.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from niyat.kernel.crash import crash_point
from niyat.kernel.db import Connection, Row
from niyat.kernel.errors import ServiceUnavailable
from niyat.payments.commands.capture import capture, fetch_capture, look
from niyat.payments.commands.case import lock_attempt
from niyat.payments.commands.take_step import case_view, take_step
from niyat.payments.domain import (
    AttemptStatus,
    AttemptView,
    Move,
    Secured,
    Step,
    next_move,
    step_after_secure,
)
from niyat.payments.parts import Parts

CLAIM = """
UPDATE payment_attempts SET next_at = niyat_now() + $2, tries = tries + 1
WHERE gateway_payment_id = $1 AND step IN ('securing', 'capturing') AND next_at <= niyat_now() RETURNING next_at
"""
# Each turn makes its calls within a lease of its own; None: another worker, or the next step, has the attempt now.
RENEW = """
UPDATE payment_attempts SET next_at = niyat_now() + $2
WHERE gateway_payment_id = $1 AND next_at = $3 AND step IN ('securing', 'capturing') RETURNING next_at
"""
CLAIM_DUE = """
SELECT a.gateway_payment_id FROM payment_attempts a JOIN payment_transactions p USING (payment_id)
WHERE a.step IN ('securing', 'capturing') AND a.step = $1 AND a.next_at <= niyat_now() AND p.gateway <> 'manual'
ORDER BY a.next_at LIMIT $2
"""
ASKED = "UPDATE payment_attempts SET capture_asked_at = niyat_now() WHERE gateway_payment_id = $1"
# Between half and all of a wait that doubles, so that those whom one illness of the gateway met come back apart.
LATER = """
UPDATE payment_attempts
SET next_at = niyat_now() + least(interval '1 second' * 2 ^ least(tries, 12), $2) * (0.5 + random() / 2)
WHERE gateway_payment_id = $1 AND next_at = $3 AND step IN ('securing', 'capturing')
"""
LONGEST_WAIT = timedelta(minutes=15)
TURNS = 8
"""No honest attempt needs more turns in one go; a defect of ours must not spin."""
NO_PLACE = (Secured.GONE, Secured.CANCELLED, Secured.ALREADY_PAID)
UNWANTED = {Step.SET_ASIDE: "mismatch"}


@dataclass(frozen=True, slots=True)
class Plan:
    """A move, and the rows it was decided on. `look`: the attempt would lapse, so the gateway is asked first."""

    move: Move
    payment: Row
    attempt: Row
    securing: int
    look: bool = False


async def advance(parts: Parts, gateway_payment_id: str) -> None:
    """Take an attempt as far as it goes now. Does nothing when another worker is at it or it waits its turn."""
    lease = timedelta(seconds=parts.settings.lease_seconds)
    held = await parts.db.fetchval(CLAIM, gateway_payment_id, lease)
    if held is None:
        return
    looked = False
    for _ in range(TURNS):
        resting = parts.gateway.breaker.rest_seconds > 0
        plan = await parts.db.run(_decide, gateway_payment_id, looked=looked, resting=resting)
        known = await _carry_out(parts, plan)
        looked = looked or plan.look
        if not known:
            break
        held = await parts.db.fetchval(RENEW, gateway_payment_id, lease, held)
        if held is None:
            return
    await parts.db.execute(LATER, gateway_payment_id, LONGEST_WAIT, held)


async def _carry_out(parts: Parts, plan: Plan) -> bool:
    """Make the call that was decided on; whether there is something new to decide."""
    match plan.move:
        case Move.SECURE:
            return await _secure(parts, plan)
        case Move.CAPTURE:
            return await capture(parts, plan.payment, plan.attempt)
        case Move.FETCH:
            return await fetch_capture(parts, plan.attempt)
        case Move.SETTLE:
            return not plan.look or await look(parts, plan.attempt)
        case Move.WAIT:
            return False


async def due_attempts(parts: Parts, limit: int) -> list[str]:
    """The gateway's attempts that wait to be driven; receipts of the desk have `finish_receipt`.

    What is to be captured waits for a gateway that is left alone; a place is secured meanwhile.
    """
    limits = {Step.SECURING: limit, Step.CAPTURING: parts.gateway.breaker.at_once(limit)}
    return [row[0] for due in limits.items() for row in await parts.db.fetch(CLAIM_DUE, *due)]


async def _decide(conn: Connection, gateway_payment_id: str, *, looked: bool, resting: bool) -> Plan:
    case, payment, attempt = await lock_attempt(conn, gateway_payment_id)
    move = next_move(await case_view(conn, case, gateway_payment_id), view_of(payment, attempt))
    lapses = move.step is Step.LAPSING and not looked
    if move.step is not None and not lapses:
        reason = "cancelled" if case.closed else UNWANTED.get(move.step, "already-paid")
        await take_step(conn, case, payment, attempt, move.step, source="rules", reason=reason)
    if move.move is Move.CAPTURE and resting:  # no intent for a call that would not be made
        return Plan(Move.WAIT, payment, attempt, case.row["securing"])
    if move.move is Move.CAPTURE:
        # The intent: from this commit on a capture may have happened, whatever becomes of this process.
        await conn.execute(ASKED, gateway_payment_id)
    return Plan(move.move, payment, attempt, case.row["securing"], lapses)


def view_of(payment: Row, attempt: Row) -> AttemptView:
    """A stored attempt as the rules see it."""
    return AttemptView(
        step=Step(attempt["step"]),
        status=AttemptStatus(attempt["status"]),
        captured=attempt["captured_amount"] > 0,
        matches=(attempt["amount"], attempt["currency"]) == (payment["amount"], payment["currency"]),
        asked=attempt["capture_asked_at"] is not None,
    )


async def _secure(parts: Parts, plan: Plan) -> bool:
    payment, attempt = plan.payment, plan.attempt
    try:
        outcome = await parts.appointments.secure(
            payment["appointment_id"],
            payment["payment_id"],
            payment["gateway_order_id"],
            attempt["amount"],
            attempt["currency"],
            securing=plan.securing,
        )
    except ServiceUnavailable:
        return False  # unknown: the call is idempotent and is made again
    crash_point("payments:secured")
    if outcome in NO_PLACE and not attempt["captured_amount"] and not await look(parts, attempt):
        return False
    return await parts.db.run(_after_secure, attempt["gateway_payment_id"], outcome)


async def _after_secure(conn: Connection, gateway_payment_id: str, outcome: Secured) -> bool:
    case, payment, attempt = await lock_attempt(conn, gateway_payment_id)
    if Step(attempt["step"]) is not Step.SECURING:
        return True
    view = await case_view(conn, case, gateway_payment_id)
    step = step_after_secure(view, attempt["captured_amount"] > 0, outcome)
    if step is Step.SECURING:
        return False
    reason = "cancelled" if case.closed else outcome.value
    await take_step(conn, case, payment, attempt, step, source="appointments", reason=reason)
    return True
