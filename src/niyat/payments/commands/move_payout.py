"""Moves a payout along its table of transitions, with what each move brings: postings, history and event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from niyat.events.catalogue import (
    PayoutApproved,
    PayoutEvent,
    PayoutFailed,
    PayoutProcessed,
    PayoutReversed,
)
from niyat.events.outbox import publish
from niyat.kernel.db import Connection, Row, one
from niyat.kernel.log import get_logger
from niyat.payments import payout_postings as postings
from niyat.payments.commands.post import post
from niyat.payments.payouts import PayoutStatus
from niyat.payments.postings import Posting

log = get_logger(__name__)

S = PayoutStatus

# Deciding about payouts is one at a time: what one decision takes, the next one must see. Any number will do.
ALONE = "SELECT pg_advisory_xact_lock(6419102)"
LOCK = "SELECT *, niyat_now() AS at FROM doctor_payouts WHERE payout_id = $1 FOR UPDATE"
MOVE = """
UPDATE doctor_payouts SET status = $3, failure_reason = $4, tries = 0, last_error = NULL,
    sequence = sequence + CASE WHEN $3 IN ('approved', 'processed', 'failed', 'reversed') THEN 1 ELSE 0 END,
    updated_at = niyat_now(), revived = revived OR $2 = 'failed' AND $3 <> 'reversed',
    processed_at = CASE WHEN $3 = 'processed' THEN niyat_now() ELSE processed_at END,
    next_at = CASE WHEN $3 IN ('approved', 'queued', 'processing') THEN coalesce(next_at, niyat_now())
        WHEN $3 = 'processed' OR $3 = 'failed' AND gateway_payout_id IS NULL
            THEN niyat_now() + interval '1 day' END
WHERE payout_id = $1 AND status = $2 RETURNING *, niyat_now() AS at
"""
NOTE = """
INSERT INTO payout_history (payout_id, from_status, to_status, source, reason_code, actor_id)
VALUES ($1, $2, $3, $4, $5, $6)
"""


async def move_payout(
    conn: Connection,
    payout: Row,
    status: PayoutStatus,
    *,
    source: str,
    reason: str | None = None,
    actor_id: UUID | None = None,
) -> Row:
    """Move the locked `payout` to `status`; the row as it is then. `reason`: a code."""
    was = S(payout["status"])
    ended = status in (S.FAILED, S.REVERSED, S.CANCELLED)
    moved = await one(conn, MOVE, payout["payout_id"], was, status, reason if ended else None)
    await conn.execute(NOTE, payout["payout_id"], was, status, source, reason, actor_id)
    for posting in _postings(moved, was, status):
        await post_payout(conn, moved, posting)
    if status in (S.FAILED, S.REVERSED):
        log.error(
            "a payout came to nothing and is owed again", payout_id=str(payout["payout_id"]), why=reason
        )
    await _tell(conn, moved, status, reason or "unknown")
    return moved


async def post_payout(conn: Connection, payout: Row, posting: Posting) -> None:
    """Post what concerns `payout`, now, in its doctor's name."""
    await post(
        conn, posting, currency=payout["currency"], appointment_id=None, payment_id=None, at=payout["at"],
        doctor_id=payout["doctor_id"],
    )  # fmt: skip


def _postings(payout: Row, was: PayoutStatus, status: PayoutStatus) -> Iterator[Posting]:
    payout_id, amount = payout["payout_id"], payout["amount"]
    if status is S.APPROVED:
        yield postings.approved(payout_id, amount)
    elif was is S.FAILED and status is not S.REVERSED:
        yield postings.revived(payout_id, amount)
    if status is S.PROCESSED:
        yield postings.processed(payout_id, amount)
    elif status is S.FAILED:
        yield postings.failed(payout_id, amount, again=payout["revived"])
    elif status is S.REVERSED and was is not S.FAILED:
        yield postings.came_back(payout_id, amount, was_processed=was is S.PROCESSED)
        if was is S.PROCESSED and payout["fee"]:
            yield postings.fee_returned(payout_id, payout["fee"], payout["tax"])


async def _tell(conn: Connection, payout: Row, status: PayoutStatus, reason: str) -> None:
    kinds: dict[PayoutStatus, tuple[type[PayoutEvent], dict[str, Any]]] = {
        S.APPROVED: (PayoutApproved, {}),
        S.PROCESSED: (PayoutProcessed, {"utr": payout["utr"]}),
        S.FAILED: (PayoutFailed, {"reason_code": reason}),
        S.REVERSED: (PayoutReversed, {"reason_code": reason}),
    }
    if status not in kinds:
        return
    kind, more = kinds[status]
    event = kind(
        occurred_at=payout["at"],
        payout_id=payout["payout_id"],
        doctor_id=payout["doctor_id"],
        amount=payout["amount"],
        currency=payout["currency"],
        **more,
    )
    await publish(conn, event, sequence=payout["sequence"])
