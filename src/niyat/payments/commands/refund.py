"""Decides a refund: an intent, under the case's lock, that a job carries out. A refund always has an amount."""

from __future__ import annotations

from uuid import UUID

from niyat.events.catalogue import RefundInitiated
from niyat.kernel.db import Connection, Row, one
from niyat.kernel.ids import new_id
from niyat.payments import postings
from niyat.payments.audit_log import remember
from niyat.payments.commands.case import Case, lock_case_of_payment, note, tell_refund
from niyat.payments.commands.post import owed_of, post, sources_of
from niyat.payments.domain import refundable
from niyat.payments.errors import NothingToRefund, PaymentDisputed, PaymentNotFound, RefundExceedsCaptured

# The gateway may have given back more than we know of yet; its refunds are then being read. What a person or a
# dispute gave comes on top: the gateway does not know of it.
PROMISED = """
SELECT (greatest(a.gateway_refunded, r.total - r.otherwise) + r.otherwise)::bigint
FROM payment_attempts a CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS total,
    coalesce(sum(amount) FILTER (WHERE refund_id IN (SELECT refund_id FROM manual_refunds)
        OR refund_id IN (SELECT refund_id FROM refunds_by_dispute)), 0) AS otherwise
    FROM refunds WHERE gateway_payment_id = $1 AND status IN ('pending', 'processed')) r
WHERE a.gateway_payment_id = $1
"""
FROZEN = "SELECT EXISTS (SELECT FROM frozen_appointments WHERE appointment_id = $1)"
CHARGED_BACK = "SELECT coalesce(sum(spare), 0)::bigint FROM charged_back WHERE gateway_payment_id = $1"
INSERT = """
INSERT INTO refunds (refund_id, payment_id, appointment_id, gateway_payment_id, amount, currency, reason_code, cause,
    requested_by, from_deposit, from_owed, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, CASE WHEN $12 THEN niyat_now() END)
"""
# Unless one is named: first money that goes back anyway and has not yet, then the money that was kept.
CAPTURED = """
SELECT * FROM payment_attempts WHERE payment_id = $1 AND captured_amount > 0
    AND ($2::text IS NULL OR gateway_payment_id = $2)
ORDER BY step = 'kept', captured_at, gateway_payment_id
"""


async def promised(conn: Connection, gateway_payment_id: str) -> int:
    """What pending and processed refunds already give back of an attempt's money."""
    amount: int = await conn.fetchval(PROMISED, gateway_payment_id)
    return amount


async def intend_refund(
    conn: Connection,
    case: Case,
    payment: Row,
    attempt: Row,
    amount: int,
    *,
    reason: str,
    cause: str,
    source: str,
    requested_by: UUID | None = None,
) -> UUID:
    """Store the intent to give `amount` of an attempt's captured money back. The case is locked by the caller.

    `cause` names what it is owed for: the same cause gives the refund that exists. Raises RefundExceedsCaptured.
    """
    if known := await conn.fetchval("SELECT refund_id FROM refunds WHERE cause = $1", cause):
        existing: UUID = known
        return existing
    left = refundable(attempt["captured_amount"], await promised(conn, attempt["gateway_payment_id"]))
    if amount > left:
        raise RefundExceedsCaptured(refundable=left)
    refund_id = new_id()
    sources = await sources_of(conn, case.appointment_id, attempt["gateway_payment_id"], amount)
    await conn.execute(
        INSERT, refund_id, payment["payment_id"], case.appointment_id, attempt["gateway_payment_id"], amount,
        attempt["currency"], reason, cause, requested_by, sources.deposit, sources.owed,
        payment["gateway"] != "manual",  # the desk's money is handed back by somebody, not sent by a job
    )  # fmt: skip
    await post(
        conn,
        postings.refund_issued(refund_id, amount, sources),
        currency=attempt["currency"],
        appointment_id=case.appointment_id,
        payment_id=payment["payment_id"],
        refund_id=refund_id,
        at=case.at,
    )
    await note(
        conn, payment, "refund", source=source, attempt=attempt["gateway_payment_id"], refund_id=refund_id,
        now="pending", reason=reason, actor_id=requested_by,
    )  # fmt: skip
    refund = await one(conn, "SELECT * FROM refunds WHERE refund_id = $1", refund_id)
    await tell_refund(conn, case, RefundInitiated, payment, refund)
    return refund_id


async def give_back_all(
    conn: Connection, case: Case, payment: Row, attempt: Row, *, reason: str, source: str
) -> None:
    """Intend to give back whatever of an attempt's money is not promised yet, once."""
    left = refundable(attempt["captured_amount"], await promised(conn, attempt["gateway_payment_id"]))
    if left:
        cause = f"{attempt['gateway_payment_id']}:unwanted"
        await intend_refund(conn, case, payment, attempt, left, reason=reason, cause=cause, source=source)


async def give_by_dispute(
    conn: Connection, case: Case, payment: Row, gateway_payment_id: str, *, cause: str
) -> None:
    """What a lost dispute gave the patient of money that failed refunds still owe is owed no more.

    It becomes a refund, which `cover_refund` processes out of the loss; the case is locked.
    """
    attempt = await one(
        conn, "SELECT * FROM payment_attempts WHERE gateway_payment_id = $1", gateway_payment_id
    )
    spare = await conn.fetchval(CHARGED_BACK, gateway_payment_id)
    left = refundable(attempt["captured_amount"], await promised(conn, gateway_payment_id))
    amount = min(spare, left, await owed_of(conn, gateway_payment_id))
    if amount > 0:
        await intend_refund(
            conn, case, payment, attempt, amount, reason="dispute-lost", cause=cause, source="dispute"
        )


async def request_refund(
    conn: Connection,
    payment_id: UUID,
    amount: int,
    reason: str,
    *,
    request: str,
    requested_by: UUID,
    gateway_payment_id: str | None = None,
) -> UUID:
    """An admin's refund of `amount` minor units; `request` names the request, so that its repetition is the same.

    `gateway_payment_id`: of which attempt's money; else of the first with money that is not promised yet.
    Raises PaymentNotFound, PaymentDisputed, NothingToRefund, RefundExceedsCaptured.
    """
    if not await conn.fetchval(
        "SELECT EXISTS (SELECT FROM payment_transactions WHERE payment_id = $1)", payment_id
    ):
        raise PaymentNotFound
    case, payment = await lock_case_of_payment(conn, payment_id)
    if await conn.fetchval(FROZEN, case.appointment_id):
        raise PaymentDisputed
    captured = await conn.fetch(CAPTURED, payment_id, gateway_payment_id)
    if not captured:
        raise NothingToRefund
    attempt = captured[-1]
    for candidate in captured:
        if refundable(candidate["captured_amount"], await promised(conn, candidate["gateway_payment_id"])):
            attempt = candidate
            break
    # What a lost dispute took is the patient's already, although no refund was owed then.
    charged_back = await conn.fetchval(CHARGED_BACK, attempt["gateway_payment_id"])
    left = refundable(
        attempt["captured_amount"], charged_back + await promised(conn, attempt["gateway_payment_id"])
    )
    if charged_back and amount > left:
        raise RefundExceedsCaptured(refundable=left)
    await remember(conn, requested_by, "refund-payment", payment_id, reason)
    return await intend_refund(
        conn, case, payment, attempt, amount, reason=reason, cause=f"request:{payment_id}:{requested_by}:{request}",
        source="admin", requested_by=requested_by,
    )  # fmt: skip
