"""Capture, and whatever else one attempt's money has to be asked about: intent first, then the call, then its answer.

Spans transactions. What a call led to is known, or it is asked about again; it is never guessed.
"""

from __future__ import annotations

from datetime import timedelta

from niyat.kernel.crash import crash_point
from niyat.kernel.db import Connection, Row
from niyat.kernel.log import get_logger
from niyat.payments.commands.case import lock_attempt
from niyat.payments.commands.record_attempt import record_attempt
from niyat.payments.commands.take_step import take_step
from niyat.payments.domain import AttemptStatus, Step
from niyat.payments.parts import Parts
from niyat.payments.ports import AttemptFact, Refused, Unknown
from niyat.payments.reasons import reason_code

log = get_logger(__name__)

# `authorized` says "not captured" only once no call of ours can still be on its way.
NOT_CAPTURED = """
UPDATE payment_attempts SET capture_asked_at = NULL
WHERE gateway_payment_id = $1 AND capture_asked_at <= niyat_now() - $2::interval
RETURNING true
"""
WORRYING_TRIES = 6


async def capture(parts: Parts, payment: Row, attempt: Row) -> bool:
    """Take the money of an attempt whose intent is stored; whether it is known what came of that."""
    crash_point("payments:capture-intended")
    answer = await parts.gateway.capture(
        attempt["gateway_payment_id"], payment["amount"], payment["currency"]
    )
    crash_point("payments:capture-called")
    if isinstance(answer, AttemptFact):
        await parts.db.run(record_attempt, answer, source="capture")
        crash_point("payments:capture-recorded")
        return True
    if isinstance(answer, Refused):
        return await fetch_capture(parts, attempt, refused=answer)
    return _unknown(attempt, answer)


async def fetch_capture(parts: Parts, attempt: Row, *, refused: Refused | None = None) -> bool:
    """◆ A capture may have happened: ask the gateway until it is known. Then decide."""
    answer = await parts.gateway.fetch_payment(attempt["gateway_payment_id"])
    if not isinstance(answer, AttemptFact):
        return _unknown(attempt, answer)
    longest_call = timedelta(seconds=parts.settings.longest_call_seconds)
    return await parts.db.run(_after_fetch, answer, refused, longest_call)


async def _after_fetch(
    conn: Connection, fact: AttemptFact, refused: Refused | None, longest_call: timedelta
) -> bool:
    await record_attempt(conn, fact, source="fetch")
    case, payment, attempt = await lock_attempt(conn, fact.gateway_payment_id)
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


async def look(parts: Parts, attempt: Row) -> bool:
    """Whether the gateway said what it is, which is recorded. Its word of a capture may be on its way, or lost, and
    nobody is told that they were not charged who was.
    """
    fact = await parts.gateway.fetch_payment(attempt["gateway_payment_id"])
    if not isinstance(fact, AttemptFact):
        return False
    await parts.db.run(record_attempt, fact, source="fetch")
    return True
