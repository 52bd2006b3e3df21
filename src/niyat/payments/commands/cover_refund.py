"""Before a refund is sent: is its visit frozen by a dispute, or did a lost one give the patient that money already?"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from niyat.kernel.db import Connection
from niyat.payments.commands.case import lock_case_of_payment, one
from niyat.payments.commands.record_refund import move_refund, supersede_refund
from niyat.payments.commands.refund import intend_refund
from niyat.payments.disputes import CHARGEBACK_LOSS
from niyat.payments.domain import RefundStatus

PAYMENT_OF = "SELECT payment_id FROM refunds WHERE refund_id = $1"
REFUND = "SELECT * FROM refunds WHERE refund_id = $1 FOR UPDATE"
FROZEN = "SELECT EXISTS (SELECT FROM frozen_appointments WHERE appointment_id = $1)"
SPARE = """
SELECT dispute_id, spare FROM charged_back WHERE gateway_payment_id = $1 AND spare > 0
ORDER BY spare DESC, dispute_id LIMIT 1
"""
GIVEN = "INSERT INTO refunds_by_dispute (refund_id, dispute_id) VALUES ($1, $2)"


class Sending(StrEnum):
    """Whether a refund may be sent."""

    FREE = "free"
    FROZEN = "frozen"
    NEEDLESS = "needless"  # it is processed, or replaced, and nothing is to be sent


async def cover_refund(conn: Connection, refund_id: UUID) -> Sending:
    """Whether this refund may be sent now; one that a lost dispute made needless is processed without the gateway.

    Where the dispute gave less than the refund, the refund gives way to two: what it gave, and the rest.
    """
    case, payment = await lock_case_of_payment(conn, await conn.fetchval(PAYMENT_OF, refund_id))
    refund = await one(conn, REFUND, refund_id)
    if refund["status"] != RefundStatus.PENDING:
        return Sending.NEEDLESS
    if await conn.fetchval(FROZEN, case.appointment_id):
        return Sending.FROZEN
    lost = await conn.fetchrow(SPARE, refund["gateway_payment_id"])
    if lost is None:
        return Sending.FREE
    if lost["spare"] >= refund["amount"]:
        await conn.execute(GIVEN, refund_id, lost["dispute_id"])
        await move_refund(
            conn, case, payment, refund, RefundStatus.PROCESSED, source="dispute", paid_from=CHARGEBACK_LOSS
        )
        return Sending.NEEDLESS
    attempt = await one(
        conn, "SELECT * FROM payment_attempts WHERE gateway_payment_id = $1", refund["gateway_payment_id"]
    )
    await supersede_refund(conn, case, payment, refund)
    for amount, which in ((lost["spare"], "disputed"), (refund["amount"] - lost["spare"], "rest")):
        await intend_refund(
            conn, case, payment, attempt, amount, reason=refund["reason_code"], cause=f"{refund['cause']}:{which}",
            source="dispute", requested_by=refund["requested_by"],
        )  # fmt: skip
    return Sending.NEEDLESS
