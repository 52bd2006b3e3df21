"""Carries out a refund intent: the call, with a key and a body that never change, until its outcome is known.

Spans transactions. A lost answer is looked up among the gateway's own refunds before the same call is repeated.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from niyat.kernel.crash import crash_point
from niyat.kernel.db import Connection, Row, one
from niyat.kernel.log import get_logger
from niyat.payments.commands.case import lock_case_of_payment
from niyat.payments.commands.cover_refund import Sending, cover_refund
from niyat.payments.commands.record_refund import move_refund, record_refund, supersede_refund
from niyat.payments.commands.refund import intend_refund
from niyat.payments.domain import RefundStatus, left_to_do
from niyat.payments.parts import Parts
from niyat.payments.ports import RefundFact, Refused, Unknown
from niyat.payments.reasons import reason_code

log = get_logger(__name__)

DUE = "SELECT refund_id FROM refunds WHERE status = 'pending' AND next_at <= niyat_now() ORDER BY next_at LIMIT $1"
CLAIM = """
UPDATE refunds r SET next_at = niyat_now() + $2, tries = r.tries + 1
WHERE r.refund_id = $1 AND r.status = 'pending' AND r.next_at <= niyat_now()
RETURNING r.*, r.asked_at > niyat_now() - $4::interval AS may_be_on_its_way,
    EXISTS (SELECT FROM payment_attempts a WHERE a.gateway_payment_id = r.gateway_payment_id
        AND a.captured_at < niyat_now() - $3::interval) AS aged
"""
LATER = """
UPDATE refunds SET last_error = $3,
    next_at = niyat_now() + least(interval '2 seconds' * 2 ^ least(tries, 12), $2) * (0.5 + random() / 2)
WHERE refund_id = $1 AND status = 'pending'
"""
OTHERS = """
SELECT coalesce(sum(amount), 0)::bigint FROM refunds
WHERE refund_id <> $1 AND gateway_payment_id = $2 AND status IN ('pending', 'processed')
"""
ELSEWHERE = """
SELECT coalesce(sum(made.amount), 0)::bigint FROM refunds ours JOIN refunds made USING (gateway_payment_id)
WHERE ours.refund_id = $1 AND made.reason_code = 'dashboard' AND made.cause LIKE 'gateway:%'
    AND made.status IN ('pending', 'processed') AND made.created_at >= ours.created_at
"""
LONGEST_WAIT = timedelta(hours=1)
# Banks take no normal refund of a payment older than six months; an instant one may still go through.
TOO_OLD_FOR_NORMAL = timedelta(days=180)
# Of the gateway's refusals, those that pass: another refund of this payment is being made, or its bank disputes it.
PASSING = ("operation is in progress", "dispute")
WORRYING_TRIES = 6


async def due_refunds(parts: Parts, limit: int = 50) -> list[UUID]:
    """The refunds that wait to be sent or asked about."""
    return [row[0] for row in await parts.db.fetch(DUE, parts.gateway.breaker.at_once(limit))]


async def drive_refund(parts: Parts, refund_id: UUID) -> None:
    """Send a refund, or ask what became of it. Does nothing when another worker is at it."""
    lease = timedelta(seconds=parts.settings.lease_seconds)
    longest_call = timedelta(seconds=parts.settings.longest_call_seconds)
    refund = await parts.db.fetchrow(CLAIM, refund_id, lease, TOO_OLD_FOR_NORMAL, longest_call)
    if refund is None:
        return
    crash_point("payments:refund-intended")
    answer = await _ask(parts, refund)
    crash_point("payments:refund-called")
    if answer is None:
        return
    if isinstance(answer, Refused):
        answer = await _refused(parts, refund, answer)
    if isinstance(answer, RefundFact):
        await parts.db.run(record_refund, answer, source="gateway")
        crash_point("payments:refund-recorded")
    why = answer.why if isinstance(answer, Unknown) else None
    if why and refund["tries"] >= WORRYING_TRIES:
        log.error("a refund is still not through", refund_id=str(refund_id), tries=refund["tries"], why=why)
    await parts.db.execute(LATER, refund_id, LONGEST_WAIT, why)


async def _ask(parts: Parts, refund: Row) -> RefundFact | Refused | Unknown | None:
    """None: there is nothing to send any more."""
    if refund["gateway_refund_id"] is not None:
        return await parts.gateway.fetch_refund(refund["gateway_refund_id"])
    if refund["sent_at"] is not None:
        # How long the gateway remembers a key is not documented, so look before repeating the call.
        known = await _at_gateway(parts, refund)
        if known is not None:
            return known
    sending = await parts.db.run(cover_refund, refund["refund_id"])
    if sending is not Sending.FREE:
        return Unknown("disputed") if sending is Sending.FROZEN else None
    return await parts.gateway.refund(
        refund["refund_id"], refund["gateway_payment_id"], refund["amount"], instantly=refund["aged"]
    )


async def _at_gateway(parts: Parts, refund: Row) -> RefundFact | Unknown | None:
    """This refund as the gateway has it; None when it has none. Refunds made elsewhere are imported on the way."""
    answer = await parts.gateway.refunds_of(refund["gateway_payment_id"])
    if isinstance(answer, (Refused, Unknown)):
        return Unknown("the gateway's refunds are not known")
    for fact in answer:
        if fact.our_refund_id == refund["refund_id"]:
            return fact
    for fact in answer:
        await parts.db.run(record_refund, fact, source="gateway")
    return None


async def _refused(parts: Parts, refund: Row, refused: Refused) -> RefundFact | Refused | Unknown:
    """A refusal: was it done after all? Can it be done later, or by an earlier call? Else it failed, and stays owed."""
    said = refused.description.lower()
    if "balance" in said:
        log.error("the gateway's balance does not cover a refund", refund_id=str(refund["refund_id"]))
        return Unknown("insufficient balance")
    if refund["gateway_refund_id"] is not None:
        return Unknown("the gateway does not know its own refund")
    known = await _at_gateway(parts, refund)
    if known is not None:
        return known
    if any(words in said for words in PASSING):
        return Unknown(reason_code(refused.description))
    if refund["may_be_on_its_way"]:
        return Unknown("an earlier call may still be on its way")
    await parts.db.run(_give_up, refund["refund_id"], reason_code(refused.description))
    return refused


async def _give_up(conn: Connection, refund_id: UUID, why: str) -> None:
    """Forestalled by a refund that was made elsewhere, or failed."""
    payment_id = await conn.fetchval("SELECT payment_id FROM refunds WHERE refund_id = $1", refund_id)
    case, payment = await lock_case_of_payment(conn, payment_id)
    refund = await one(conn, "SELECT * FROM refunds WHERE refund_id = $1 FOR UPDATE", refund_id)
    if refund["status"] != RefundStatus.PENDING:
        return
    attempt = await one(
        conn, "SELECT * FROM payment_attempts WHERE gateway_payment_id = $1", refund["gateway_payment_id"]
    )
    left = attempt["captured_amount"] - await conn.fetchval(OTHERS, refund_id, attempt["gateway_payment_id"])
    rest = left_to_do(refund["amount"], await conn.fetchval(ELSEWHERE, refund_id), max(0, left))
    if rest is None:
        await move_refund(conn, case, payment, refund, RefundStatus.FAILED, source="gateway", why=why)
        return
    await supersede_refund(conn, case, payment, refund)
    if rest:
        await intend_refund(
            conn, case, payment, attempt, rest, reason=refund["reason_code"], cause=f"{refund['cause']}:rest",
            source="gateway", requested_by=refund["requested_by"],
        )  # fmt: skip
