"""Money given back by hand: what was taken at the desk, and what the gateway could not give back.

A refund of the desk's money is owed from its decision on until somebody says this. Where the gateway's refund failed,
its money is owed again; handing it back is a refund of its own, decided and done at once, if all of it is still owed.
"""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection, Row, one
from niyat.kernel.errors import ServiceUnavailable
from niyat.payments.audit_log import remember
from niyat.payments.commands.case import Case, lock_case_of_payment, note
from niyat.payments.commands.post import owed_of
from niyat.payments.commands.record_refund import move_refund, record_refund
from niyat.payments.commands.refund import FROZEN, intend_refund
from niyat.payments.domain import PaymentMethod, RefundStatus
from niyat.payments.errors import (
    PaymentDisputed,
    RefundExceedsCaptured,
    RefundNotAtTheDesk,
    RefundNotFound,
    RefundNotPending,
)
from niyat.payments.parts import Parts
from niyat.payments.ports import Refused, Unknown
from niyat.payments.postings import desk_account

REFUND = "SELECT * FROM refunds WHERE refund_id = $1 FOR UPDATE"
BY_HAND = "SELECT * FROM refunds WHERE cause = $1 FOR UPDATE"
ATTEMPT = "SELECT * FROM payment_attempts WHERE gateway_payment_id = $1 FOR UPDATE"
CONCLUDED = """
SELECT gateway_payment_id FROM refunds WHERE refund_id = $1 AND status = 'failed' AND gateway_refund_id IS NULL
"""
HANDED = """
INSERT INTO manual_refunds (refund_id, method, reference, reason_code, handed_by) VALUES ($1, $2, $3, $4, $5)
"""


async def ask_before_hand_back(parts: Parts, refund_id: UUID) -> None:
    """Read the gateway's refunds once more before money that it never had, as we concluded, is given by hand.

    If it made this refund after all, that is recorded, and the gateway is at it. Spans transactions.
    Raises ServiceUnavailable (it does not say).
    """
    gateway_payment_id = await parts.db.fetchval(CONCLUDED, refund_id)
    if gateway_payment_id is None:
        return
    answer = await parts.gateway.refunds_of(gateway_payment_id)
    if isinstance(answer, (Refused, Unknown)):
        raise ServiceUnavailable
    for fact in answer:
        await parts.db.run(record_refund, fact, source="gateway")


async def hand_back(
    conn: Connection,
    refund_id: UUID,
    *,
    method: PaymentMethod,
    reference: str,
    reason_code: str,
    actor_id: UUID,
) -> UUID:
    """Somebody gave a refund's money to the patient; the refund that says so, which is a new one after a failed one.

    Raises RefundNotFound, RefundNotAtTheDesk (the gateway is at it), RefundNotPending (it was given back already),
    PaymentDisputed, RefundExceedsCaptured (what failed went back another way meanwhile, or a part of it).
    """
    payment_id = await conn.fetchval("SELECT payment_id FROM refunds WHERE refund_id = $1", refund_id)
    if payment_id is None:
        raise RefundNotFound
    case, payment = await lock_case_of_payment(conn, payment_id)
    refund = await one(conn, REFUND, refund_id)
    if await conn.fetchval(FROZEN, case.appointment_id):
        raise PaymentDisputed
    if refund["status"] == RefundStatus.FAILED:
        refund = await _instead_of(conn, case, payment, refund, actor_id)
    elif payment["gateway"] != "manual":
        raise RefundNotAtTheDesk
    if refund["status"] != RefundStatus.PENDING:
        raise RefundNotPending
    handed: UUID = refund["refund_id"]
    await conn.execute(HANDED, handed, method, reference, reason_code, actor_id)
    await note(
        conn, payment, "handed-back", source="desk", refund_id=handed, reason=reason_code, actor_id=actor_id
    )
    await move_refund(
        conn, case, payment, refund, RefundStatus.PROCESSED, source="desk", paid_from=desk_account(method)
    )
    await remember(conn, actor_id, "hand-back", handed, reason_code)
    return handed


async def _instead_of(conn: Connection, case: Case, payment: Row, failed: Row, actor_id: UUID) -> Row:
    """The refund by hand that takes the place of a failed one; the same when it is asked for again."""
    cause = f"{failed['refund_id']}:by-hand"
    if known := await conn.fetchrow(BY_HAND, cause):
        return known
    attempt = await one(conn, ATTEMPT, failed["gateway_payment_id"])
    # A part may be left to refund of what was captured, and yet this money be given back: it must still be owed.
    owed = await owed_of(conn, failed["gateway_payment_id"])
    if owed < failed["amount"]:
        raise RefundExceedsCaptured(refundable=owed)
    made = await intend_refund(
        conn, case, payment, attempt, failed["amount"], reason=failed["reason_code"], cause=cause, source="desk",
        requested_by=actor_id,
    )  # fmt: skip
    return await one(conn, REFUND, made)
