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
from niyat.kernel.log import get_logger
from niyat.payments.commands.case import Case, lock_case_of_payment
from niyat.payments.commands.record_attempt import record_attempt
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
from niyat.payments.ports import AttemptFact, Refused, Unknown
from niyat.payments.reasons import reason_code

log = get_logger(__name__)

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
WHERE a.step IN ('securing', 'capturing') AND a.next_at <= niyat_now() AND p.gateway <> 'manual'
ORDER BY a.next_at LIMIT $1
"""
ATTEMPT = "SELECT * FROM payment_attempts WHERE gateway_payment_id = $1 FOR UPDATE"
ASKED = "UPDATE payment_attempts SET capture_asked_at = niyat_now() WHERE gateway_payment_id = $1"
# `authorized` says "not captured" only once no call of ours can still be on its way.
NOT_CAPTURED = """
UPDATE payment_attempts SET capture_asked_at = NULL
WHERE gateway_payment_id = $1 AND capture_asked_at <= niyat_now() - $2::interval
RETURNING true
"""
OF_ATTEMPT = "SELECT payment_id FROM payment_attempts WHERE gateway_payment_id = $1"
# Between half and all of a wait that doubles, so that those whom one illness of the gateway met come back apart.
LATER = """
UPDATE payment_attempts
SET next_at = niyat_now() + least(interval '1 second' * 2 ^ least(tries, 12), $2) * (0.5 + random() / 2)
WHERE gateway_payment_id = $1 AND next_at = $3 AND step IN ('securing', 'capturing')
"""
LONGEST_WAIT = timedelta(minutes=15)
TURNS = 8
"""No honest attempt needs more turns in one go; a defect of ours must not spin."""
WORRYING_TRIES = 6
UNWANTED = {Step.SET_ASIDE: "mismatch"}


@dataclass(frozen=True, slots=True)
class Plan:
    """A move, and the rows it was decided on."""

    move: Move
    payment: Row
    attempt: Row
    securing: int


async def advance(parts: Parts, gateway_payment_id: str) -> None:
    """Take an attempt as far as it goes now. Does nothing when another worker is at it or it waits its turn."""
    lease = timedelta(seconds=parts.settings.lease_seconds)
    held = await parts.db.fetchval(CLAIM, gateway_payment_id, lease)
    if held is None:
        return
    for _ in range(TURNS):
        plan = await parts.db.run(lambda conn: _decide(conn, gateway_payment_id))
        match plan.move:
            case Move.SECURE:
                known = await _secure(parts, plan)
            case Move.CAPTURE:
                known = await _capture(parts, plan)
            case Move.FETCH:
                known = await _fetch(parts, plan)
            case Move.SETTLE:
                known = True
            case Move.WAIT:
                known = False
        if not known:
            break
        held = await parts.db.fetchval(RENEW, gateway_payment_id, lease, held)
        if held is None:
            return
    await parts.db.execute(LATER, gateway_payment_id, LONGEST_WAIT, held)


async def due_attempts(parts: Parts, limit: int = 50) -> list[str]:
    """The gateway's attempts that wait to be driven; receipts of the desk have `finish_receipt`."""
    return [row[0] for row in await parts.db.fetch(CLAIM_DUE, limit)]


async def _decide(conn: Connection, gateway_payment_id: str) -> Plan:
    case, payment, attempt = await _lock(conn, gateway_payment_id)
    move = next_move(await case_view(conn, case, gateway_payment_id), view_of(payment, attempt))
    if move.step is not None:
        reason = "cancelled" if case.closed else UNWANTED.get(move.step, "already-paid")
        await take_step(conn, case, payment, attempt, move.step, source="rules", reason=reason)
    if move.move is Move.CAPTURE:
        # The intent: from this commit on a capture may have happened, whatever becomes of this process.
        await conn.execute(ASKED, gateway_payment_id)
    return Plan(move.move, payment, attempt, case.row["securing"])


async def _lock(conn: Connection, gateway_payment_id: str) -> tuple[Case, Row, Row]:
    payment_id = await conn.fetchval(OF_ATTEMPT, gateway_payment_id)
    case, payment = await lock_case_of_payment(conn, payment_id)
    attempt = await conn.fetchrow(ATTEMPT, gateway_payment_id)
    if attempt is None:
        raise LookupError(gateway_payment_id)
    return case, payment, attempt


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
    return await parts.db.run(lambda conn: _after_secure(conn, attempt["gateway_payment_id"], outcome))


async def _after_secure(conn: Connection, gateway_payment_id: str, outcome: Secured) -> bool:
    case, payment, attempt = await _lock(conn, gateway_payment_id)
    if Step(attempt["step"]) is not Step.SECURING:
        return True
    view = await case_view(conn, case, gateway_payment_id)
    step = step_after_secure(view, attempt["captured_amount"] > 0, outcome)
    if step is Step.SECURING:
        return False
    reason = "cancelled" if case.closed else outcome.value
    await take_step(conn, case, payment, attempt, step, source="appointments", reason=reason)
    return True


async def _capture(parts: Parts, plan: Plan) -> bool:
    attempt = plan.attempt
    crash_point("payments:capture-intended")
    answer = await parts.gateway.capture(
        attempt["gateway_payment_id"], plan.payment["amount"], plan.payment["currency"]
    )
    crash_point("payments:capture-called")
    if isinstance(answer, AttemptFact):
        await parts.db.run(lambda conn: record_attempt(conn, answer, source="capture"))
        crash_point("payments:capture-recorded")
        return True
    if isinstance(answer, Refused):
        return await _fetch(parts, plan, refused=answer)
    return _unknown(attempt, answer)


async def _fetch(parts: Parts, plan: Plan, *, refused: Refused | None = None) -> bool:
    """◆ A capture may have happened: ask the gateway until it is known. Then decide."""
    attempt = plan.attempt
    answer = await parts.gateway.fetch_payment(attempt["gateway_payment_id"])
    if not isinstance(answer, AttemptFact):
        return _unknown(attempt, answer)
    longest_call = timedelta(seconds=parts.settings.longest_call_seconds)
    return await parts.db.run(lambda conn: _after_fetch(conn, answer, refused, longest_call))


async def _after_fetch(
    conn: Connection, fact: AttemptFact, refused: Refused | None, longest_call: timedelta
) -> bool:
    await record_attempt(conn, fact, source="fetch")
    case, payment, attempt = await _lock(conn, fact.gateway_payment_id)
    if Step(attempt["step"]) is not Step.CAPTURING:
        return True
    if fact.status is not AttemptStatus.AUTHORIZED:
        return False
    if refused is not None:
        # Refused for good. It stays watched: should it be captured all the same, that is another fact.
        reason = reason_code(refused.reason)
        await take_step(conn, case, payment, attempt, Step.LAPSING, source="gateway", reason=reason)
        return True
    # Known: decide again, under the rules.
    return await conn.fetchval(NOT_CAPTURED, fact.gateway_payment_id, longest_call) is True


def _unknown(attempt: Row, answer: Refused | Unknown) -> bool:
    if attempt["tries"] >= WORRYING_TRIES:
        log.error(
            "the outcome of a capture is still unknown", gateway_payment_id=attempt["gateway_payment_id"],
            tries=attempt["tries"], answer=type(answer).__name__,
        )  # fmt: skip
    return False
