"""Records what the gateway says of a payout of ours. Webhook and poll meet here; facts move forward only.

A failure that we only concluded, because the gateway seemed not to have it, gives way to the gateway's word.
"""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection, Row, one
from niyat.kernel.log import get_logger
from niyat.payments import payout_postings as postings
from niyat.payments.commands.move_payout import move_payout, post_payout
from niyat.payments.payouts import TRANSITIONS, PayoutFact, PayoutStatus
from niyat.payments.reasons import reason_code

log = get_logger(__name__)

FIND = """
SELECT * FROM doctor_payouts
WHERE gateway_payout_id = $1 OR (payout_id = $2 AND gateway_payout_id IS NULL) FOR UPDATE
"""
# The reference number and the fee may come later than the end.
LEARN = """
UPDATE doctor_payouts SET gateway_payout_id = $2, utr = coalesce($3, utr), updated_at = niyat_now(),
    sent_at = coalesce(sent_at, niyat_now()), fee = CASE WHEN fee = 0 THEN $4 ELSE fee END,
    tax = CASE WHEN fee = 0 THEN $5 ELSE tax END
WHERE payout_id = $1 RETURNING *, niyat_now() AS at
"""
NOT_SENT = (PayoutStatus.PENDING, PayoutStatus.CANCELLED)


async def record_payout(conn: Connection, fact: PayoutFact, *, source: str) -> UUID | None:
    """Store the fact and what follows from it. None: it is no payout of ours; the account has others, too."""
    payout = await conn.fetchrow(FIND, fact.gateway_payout_id, fact.our_payout_id)
    if payout is None:
        return None
    payout_id: UUID = payout["payout_id"]
    same = (fact.amount, fact.currency) == (payout["amount"], payout["currency"])
    if not same or payout["status"] in NOT_SENT:
        log.error("the gateway names a payout that we did not send", payout_id=str(payout_id))
        return payout_id
    concluded = payout["gateway_payout_id"] is None
    # The fee of what came back is not learnt any more: only one that was posted is given back.
    fee = 0 if fact.status is PayoutStatus.REVERSED else fact.fee
    payout = await one(conn, LEARN, payout_id, fact.gateway_payout_id, fact.utr, fee, min(fact.tax, fee))
    if _is_news(payout, fact.status, concluded=concluded):
        payout = await move_payout(conn, payout, fact.status, source=source, reason=_reason(fact))
    if payout["status"] == PayoutStatus.PROCESSED:
        await post_payout(conn, payout, postings.fee(payout_id, payout["fee"], payout["tax"]))
    return payout_id


def _is_news(payout: Row, status: PayoutStatus, *, concluded: bool) -> bool:
    was = PayoutStatus(payout["status"])
    if was is PayoutStatus.FAILED and status is not PayoutStatus.REVERSED and not concluded:
        return False  # the gateway itself had said so: an older fact
    return (was, status) in TRANSITIONS


def _reason(fact: PayoutFact) -> str | None:
    return reason_code(fact.reason) if fact.reason else None
