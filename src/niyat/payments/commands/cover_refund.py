"""Before a refund is sent: is its visit frozen by a dispute, or did a lost one give the patient that money already?"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from niyat.kernel.db import Connection, Row, one
from niyat.payments.commands.case import Case, lock_case_of_payment
from niyat.payments.commands.record_refund import move_refund, supersede_refund
from niyat.payments.commands.refund import FROZEN, intend_refund
from niyat.payments.disputes import CHARGEBACK_LOSS
from niyat.payments.domain import RefundStatus

PAYMENT_OF = "SELECT payment_id FROM refunds WHERE refund_id = $1"
REFUND = "SELECT * FROM refunds WHERE refund_id = $1 FOR UPDATE"
ATTEMPT = "SELECT * FROM payment_attempts WHERE gateway_payment_id = $1"
# What an administrator asked for when a dispute was lost already was asked for beside what the dispute gave.
SPARE = """
SELECT c.dispute_id, c.spare FROM refunds r JOIN charged_back c USING (gateway_payment_id) JOIN disputes d
    USING (dispute_id)
WHERE r.refund_id = $1 AND c.spare > 0 AND (r.requested_by IS NULL OR r.created_at <= d.decided_at)
ORDER BY c.spare DESC, c.dispute_id
"""
GIVEN = "INSERT INTO refunds_by_dispute (refund_id, dispute_id) VALUES ($1, $2)"
ASKED = """
UPDATE refunds SET sent_at = coalesce(sent_at, niyat_now()), asked_at = niyat_now() WHERE refund_id = $1
"""


class Sending(StrEnum):
    """Whether a refund may be sent."""

    FREE = "free"
    FROZEN = "frozen"
    NEEDLESS = "needless"  # it is processed, or replaced, and nothing is to be sent


async def cover_refund(conn: Connection, refund_id: UUID) -> Sending:
    """Whether this refund may be sent now, and then note that it is.

    One that a lost dispute made needless is processed without the gateway.
    Where the dispute gave less than the refund, the refund gives way to two: what it gave, and the rest.
    """
    case, payment = await lock_case_of_payment(conn, await conn.fetchval(PAYMENT_OF, refund_id))
    refund = await one(conn, REFUND, refund_id)
    if refund["status"] != RefundStatus.PENDING:
        return Sending.NEEDLESS
    if await conn.fetchval(FROZEN, case.appointment_id):
        return Sending.FROZEN
    lost = await conn.fetch(SPARE, refund_id)
    if not lost:
        await conn.execute(ASKED, refund_id)
        return Sending.FREE
    rest: Row | None = refund
    for dispute in lost:
        if rest is not None:
            rest = await _give(conn, case, payment, rest, dispute)
    return Sending.NEEDLESS


async def _give(conn: Connection, case: Case, payment: Row, refund: Row, dispute: Row) -> Row | None:
    """Process what the dispute gave of a refund; the refund of the rest, which is still to be given, if any."""
    rest = None
    if dispute["spare"] < refund["amount"]:
        attempt = await one(conn, ATTEMPT, refund["gateway_payment_id"])
        await supersede_refund(conn, case, payment, refund)
        made = []
        for amount, which in ((dispute["spare"], "disputed"), (refund["amount"] - dispute["spare"], "rest")):
            refund_id = await intend_refund(
                conn, case, payment, attempt, amount, reason=refund["reason_code"],
                cause=f"{refund['cause']}:{which}", source="dispute", requested_by=refund["requested_by"],
            )  # fmt: skip
            made.append(await one(conn, REFUND, refund_id))
        refund, rest = made
    await conn.execute(GIVEN, refund["refund_id"], dispute["dispute_id"])
    await move_refund(
        conn, case, payment, refund, RefundStatus.PROCESSED, source="dispute", paid_from=CHARGEBACK_LOSS
    )
    return rest
