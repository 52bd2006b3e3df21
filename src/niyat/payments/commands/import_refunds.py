"""Reads the gateway's refunds of an attempt of which more went back than we know of (made in its dashboard).

Spans transactions. Their webhooks may be lost; the amount that the gateway says of each payment is the trace.
"""

from __future__ import annotations

from datetime import timedelta

from niyat.kernel.log import get_logger
from niyat.payments.commands.record_refund import record_refund
from niyat.payments.domain import RefundStatus
from niyat.payments.parts import Parts
from niyat.payments.ports import Refused, Unknown

log = get_logger(__name__)

CLAIM = """
UPDATE payment_attempts SET import_at = niyat_now() + $2 WHERE gateway_payment_id IN (
    SELECT gateway_payment_id FROM payment_attempts WHERE import_at <= niyat_now() AND captured_amount > 0
    ORDER BY import_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING gateway_payment_id, gateway_refunded
"""
# What its list says counts, unless a newer fact has said more meanwhile: then it is read once more.
IMPORTED = """
UPDATE payment_attempts SET import_at = NULL, gateway_refunded = $3
WHERE gateway_payment_id = $1 AND gateway_refunded = $2
"""
TRY_AGAIN = timedelta(minutes=2)


async def import_refunds(parts: Parts, limit: int = 20) -> int:
    """Read the refunds of the attempts that are due; how many were."""
    due = await parts.db.fetch(CLAIM, parts.gateway.breaker.at_once(limit), TRY_AGAIN)
    for row in due:
        try:
            await _import(parts, row["gateway_payment_id"], row["gateway_refunded"])
        except Exception:  # logged, and read again at its next turn; the others must not wait for it
            log.exception("refunds could not be read", gateway_payment_id=row["gateway_payment_id"])
    return len(due)


async def _import(parts: Parts, gateway_payment_id: str, said: int) -> None:
    answer = await parts.gateway.refunds_of(gateway_payment_id)
    if isinstance(answer, (Refused, Unknown)):
        return  # unknown: asked again at its next turn
    for fact in answer:
        await parts.db.run(record_refund, fact, source="import")
    total = sum(fact.amount for fact in answer if fact.status is not RefundStatus.FAILED)
    await parts.db.execute(IMPORTED, gateway_payment_id, said, total)
