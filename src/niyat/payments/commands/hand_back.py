"""A refund of money that was taken at the desk: owed from its decision on, given back when somebody says so."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection
from niyat.payments.audit_log import remember
from niyat.payments.commands.case import lock_case_of_payment, note, one
from niyat.payments.commands.record_refund import move_refund
from niyat.payments.domain import PaymentMethod, RefundStatus
from niyat.payments.errors import RefundNotAtTheDesk, RefundNotFound, RefundNotPending
from niyat.payments.postings import desk_account

REFUND = "SELECT * FROM refunds WHERE refund_id = $1 FOR UPDATE"
HANDED = """
INSERT INTO manual_refunds (refund_id, method, reference, reason_code, handed_by) VALUES ($1, $2, $3, $4, $5)
"""


async def hand_back(
    conn: Connection,
    refund_id: UUID,
    *,
    method: PaymentMethod,
    reference: str,
    reason_code: str,
    actor_id: UUID,
) -> None:
    """The desk gave a refund's money to the patient. Raises RefundNotFound, RefundNotAtTheDesk, RefundNotPending."""
    payment_id = await conn.fetchval("SELECT payment_id FROM refunds WHERE refund_id = $1", refund_id)
    if payment_id is None:
        raise RefundNotFound
    case, payment = await lock_case_of_payment(conn, payment_id)
    refund = await one(conn, REFUND, refund_id)
    if payment["gateway"] != "manual":
        raise RefundNotAtTheDesk
    if refund["status"] != RefundStatus.PENDING:
        raise RefundNotPending
    await conn.execute(HANDED, refund_id, method, reference, reason_code, actor_id)
    await note(
        conn,
        payment,
        "handed-back",
        source="desk",
        refund_id=refund_id,
        reason=reason_code,
        actor_id=actor_id,
    )
    await move_refund(
        conn, case, payment, refund, RefundStatus.PROCESSED, source="desk", paid_from=desk_account(method)
    )
    await remember(conn, actor_id, "hand-back", refund_id, reason_code)
