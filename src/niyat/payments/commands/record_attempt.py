"""Where callback, webhook, poll and our own capture meet: one fact about one attempt, under the case's lock.

Facts move forward only, so it does not matter which source is first, or how often it speaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from niyat.events.catalogue import PaymentAuthorized, PaymentFailed
from niyat.kernel.db import Connection, Row, one
from niyat.payments import postings
from niyat.payments.commands.case import Case, lock_case_of_payment, note, tell
from niyat.payments.commands.post import post
from niyat.payments.commands.receipt_due import receipt_due
from niyat.payments.commands.record_fee import record_fee
from niyat.payments.commands.take_step import case_view, take_step
from niyat.payments.domain import (
    AttemptStatus,
    PaymentStatus,
    Step,
    method_of,
    moves_forward,
    status_after_fact,
    step_after_fact,
)
from niyat.payments.errors import PaymentOfAnotherOrder
from niyat.payments.ports import AttemptFact
from niyat.payments.reasons import reason_code

OF_ORDER = "SELECT payment_id FROM payment_transactions WHERE gateway_order_id = $1"
KNOWN = "SELECT * FROM payment_attempts WHERE gateway_payment_id = $1 FOR UPDATE"
INSERT = """
INSERT INTO payment_attempts (gateway_payment_id, payment_id, appointment_id, status, amount, currency, method)
VALUES ($1, $2, $3, 'created', $4, $5, $6) ON CONFLICT DO NOTHING
"""
UPDATE = """
UPDATE payment_attempts SET status = $2, method = coalesce($3, method), error_code = $4, error_reason = $5,
    amount = $6, currency = $7, error_description = $9,
    captured_amount = CASE WHEN $8 THEN greatest(captured_amount, $6) ELSE captured_amount END,
    captured_at = CASE WHEN $8 THEN coalesce(captured_at, niyat_now()) ELSE captured_at END,
    updated_at = niyat_now()
WHERE gateway_payment_id = $1 RETURNING *
"""
# More went back than we know of: a refund was made elsewhere. Its own facts are read by import_refunds.
GONE_BACK = """
UPDATE payment_attempts a SET gateway_refunded = $2, updated_at = niyat_now(),
    import_at = CASE WHEN $2 > (SELECT coalesce(sum(amount), 0) FROM refunds r
        WHERE r.gateway_payment_id = $1 AND r.status IN ('pending', 'processed') AND r.gateway_refund_id IS NOT NULL)
    THEN niyat_now() ELSE import_at END
WHERE gateway_payment_id = $1 AND gateway_refunded < $2
"""
OTHERS_LIVE = """
SELECT EXISTS (SELECT FROM payment_attempts WHERE payment_id = $1 AND gateway_payment_id <> $2
    AND status = 'authorized')
"""
STATUS = """
UPDATE payment_transactions SET status = $2, method = coalesce($3, method), updated_at = niyat_now(),
    open = open AND $2 IN ('pending', 'failed', 'authorized') WHERE payment_id = $1 AND status = $4 RETURNING *
"""
MONEY_IN = """
UPDATE payment_transactions SET open = false, updated_at = niyat_now(),
    captured_amount = CASE WHEN gateway_payment_id IS NULL THEN $2 ELSE captured_amount END,
    captured_at = coalesce(captured_at, niyat_now()), gateway_payment_id = coalesce(gateway_payment_id, $3)
WHERE payment_id = $1
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a fact led to: the attempt, its payment, and whether anything is to be done with it."""

    gateway_payment_id: str
    payment_id: UUID
    step: Step


async def record_attempt(conn: Connection, fact: AttemptFact, *, source: str) -> Recorded | None:
    """Store what the gateway says of an attempt and what follows at once. None: it is of no order of ours.

    Raises PaymentOfAnotherOrder when the attempt is known under another order.
    """
    payment_id = await conn.fetchval(OF_ORDER, fact.order_id) if fact.order_id else None
    if payment_id is None:
        return None
    case, payment = await lock_case_of_payment(conn, payment_id)
    attempt = await _lock_attempt(conn, case, payment, fact)
    if fact.fee:
        await _fee(conn, case, attempt, fact)
    known = AttemptStatus(attempt["status"])
    if fact.amount_refunded:
        await conn.execute(GONE_BACK, fact.gateway_payment_id, fact.amount_refunded)
    late_capture = fact.captured and not attempt["captured_amount"]
    if not (moves_forward(known, fact.status) or late_capture):
        return Recorded(fact.gateway_payment_id, payment_id, Step(attempt["step"]))
    attempt = await _advance_facts(
        conn, attempt, fact, max(known, fact.status, key=list(AttemptStatus).index)
    )
    await note(
        conn, payment, "attempt", source=source, attempt=fact.gateway_payment_id, was=known, now=fact.status,
        reason=reason_code(fact.error_reason or fact.error_code) if fact.error_code else None,
    )  # fmt: skip
    if late_capture:
        await _money_in(conn, case, payment, attempt)
    await _payment_status(conn, case, payment, fact, source)
    step = step_after_fact(
        await case_view(conn, case, fact.gateway_payment_id),
        Step(attempt["step"]),
        fact.status,
        fact.captured,
        gone_back=fact.captured and fact.amount_refunded >= fact.amount,
    )
    if step is not Step(attempt["step"]):
        await take_step(conn, case, payment, attempt, step, source=source, reason=_why(case, fact))
    return Recorded(fact.gateway_payment_id, payment_id, step)


async def _lock_attempt(conn: Connection, case: Case, payment: Row, fact: AttemptFact) -> Row:
    await conn.execute(
        INSERT, fact.gateway_payment_id, payment["payment_id"], case.appointment_id, fact.amount, fact.currency,
        method_of(fact.method),
    )  # fmt: skip
    attempt = await conn.fetchrow(KNOWN, fact.gateway_payment_id)
    if attempt is None or attempt["payment_id"] != payment["payment_id"]:
        raise PaymentOfAnotherOrder
    return attempt


async def _advance_facts(conn: Connection, attempt: Row, fact: AttemptFact, status: AttemptStatus) -> Row:
    return await one(
        conn, UPDATE, attempt["gateway_payment_id"], status, method_of(fact.method), fact.error_code, fact.error_reason,
        fact.amount, fact.currency, fact.captured, fact.error_description,
    )  # fmt: skip


async def _money_in(conn: Connection, case: Case, payment: Row, attempt: Row) -> None:
    await conn.execute(
        MONEY_IN, payment["payment_id"], attempt["captured_amount"], attempt["gateway_payment_id"]
    )
    await post(
        conn,
        postings.captured(attempt["gateway_payment_id"], attempt["captured_amount"]),
        currency=attempt["currency"],
        appointment_id=case.appointment_id,
        payment_id=payment["payment_id"],
        at=case.at,
    )
    await receipt_due(conn, attempt["gateway_payment_id"], at=attempt["captured_at"])


async def _fee(conn: Connection, case: Case, attempt: Row, fact: AttemptFact) -> None:
    """The gateway's fee, once it is known and the money is ours."""
    if not fact.captured or not fact.fee:
        return
    await record_fee(
        conn, fact.gateway_payment_id, fee=fact.fee, tax=fact.tax or 0, currency=fact.currency,
        appointment_id=case.appointment_id, payment_id=attempt["payment_id"], at=case.at,
    )  # fmt: skip


async def _payment_status(conn: Connection, case: Case, payment: Row, fact: AttemptFact, source: str) -> None:
    others_live = await conn.fetchval(OTHERS_LIVE, payment["payment_id"], fact.gateway_payment_id)
    was = PaymentStatus(payment["status"])
    now = status_after_fact(was, fact.status, fact.captured, others_live=others_live)
    if fact.status is AttemptStatus.FAILED:
        code = reason_code(fact.error_reason or fact.error_code)
        await tell(
            conn, case, PaymentFailed, payment, reason_code=code, gateway_payment_id=fact.gateway_payment_id
        )
    if now is was:
        return
    if not await conn.fetchrow(STATUS, payment["payment_id"], now, method_of(fact.method), was):
        raise RuntimeError(f"payment {payment['payment_id']} is not {was} any more")
    await note(conn, payment, "status", source=source, attempt=fact.gateway_payment_id, was=was, now=now)
    if now is PaymentStatus.AUTHORIZED:
        await tell(conn, case, PaymentAuthorized, payment)


def _why(case: Case, fact: AttemptFact) -> str | None:
    if fact.captured:
        if fact.amount_refunded >= fact.amount:
            return "refunded-elsewhere"
        return "cancelled" if case.closed else "already-paid"
    return "released-by-gateway" if fact.status is AttemptStatus.REFUNDED else None
