"""Records what the gateway says of a refund: ours, or one made in its dashboard, which is imported by its id.

Facts move forward only (pending, processed, failed): a processed refund may still fail, and is answered by
postings that reverse it, never by an edit. A failure that we only concluded gives way to the gateway's word.
"""

from __future__ import annotations

from uuid import UUID

from niyat.events.catalogue import RefundCompleted, RefundEvent, RefundFailed, RefundInitiated
from niyat.kernel.db import Connection, Row, one
from niyat.kernel.ids import new_id
from niyat.kernel.log import get_logger
from niyat.payments import postings
from niyat.payments.commands.case import Case, lock_case_of_payment, note, tell_refund
from niyat.payments.commands.post import earnings_of, post, sources_of
from niyat.payments.commands.receipt_due import receipt_due
from niyat.payments.commands.refund import give_by_dispute
from niyat.payments.domain import REFUND_RANK, PaymentStatus, RefundStatus, status_after_refunds
from niyat.payments.ports import RefundFact

log = get_logger(__name__)

ATTEMPT = "SELECT * FROM payment_attempts WHERE gateway_payment_id = $1"
FIND = """
SELECT * FROM refunds WHERE gateway_payment_id = $1 AND (gateway_refund_id = $2 OR
    (refund_id = $3 AND (gateway_refund_id IS NULL OR gateway_refund_id = $2))) FOR UPDATE
"""
IMPORT = """
INSERT INTO refunds (refund_id, payment_id, appointment_id, gateway_payment_id, amount, currency, reason_code, cause,
    gateway_refund_id, sent_at, from_deposit, from_owed, next_at)
VALUES ($1, $2, $3, $4, $5, $6, 'dashboard', $7, $8, niyat_now(), $9, $10, niyat_now()) RETURNING *
"""
ACCEPTED = """
UPDATE refunds SET gateway_refund_id = $2, sent_at = coalesce(sent_at, niyat_now()), tries = 0, last_error = NULL,
    updated_at = niyat_now() WHERE refund_id = $1 AND gateway_refund_id IS NULL
"""
MOVE = """
UPDATE refunds SET status = $3, last_error = $4, next_at = NULL, updated_at = niyat_now()
WHERE refund_id = $1 AND status = $2
"""
REVIVE = """
UPDATE refunds SET status = 'pending', revived = true, from_deposit = $3, from_owed = $4, next_at = niyat_now(),
    updated_at = niyat_now() WHERE refund_id = $1 AND status = $2 AND NOT revived RETURNING *
"""
# The gateway has it again; its list of refunds, read anew, has the last word.
NOT_GONE_BACK = """
UPDATE payment_attempts a SET gateway_refunded = greatest(0, a.gateway_refunded - r.amount), import_at = niyat_now()
FROM refunds r WHERE r.refund_id = $1 AND r.gateway_refund_id IS NOT NULL
    AND a.gateway_payment_id = r.gateway_payment_id
"""
CONCLUDED = (RefundStatus.FAILED, RefundStatus.SUPERSEDED)
# What went back twice, by hand and at the gateway, is recorded like any refund; refunds-at-most-captured names it.
REFUNDED = """
UPDATE payment_transactions t SET refunded_amount = least(r.total, t.captured_amount), updated_at = niyat_now()
FROM (SELECT coalesce(sum(r.amount), 0) AS total FROM payment_transactions p JOIN refunds r USING (gateway_payment_id)
    WHERE p.payment_id = $1 AND r.status = 'processed') r
WHERE t.payment_id = $1 RETURNING t.*
"""
STATUS = "UPDATE payment_transactions SET status = $2 WHERE payment_id = $1 AND status = $3"


async def record_refund(conn: Connection, fact: RefundFact, *, source: str) -> UUID | None:
    """Store the fact and what follows. None: of no captured attempt of ours, so there is nothing to record on."""
    attempt = await conn.fetchrow(ATTEMPT, fact.gateway_payment_id)
    if attempt is None or not attempt["captured_amount"]:
        return None
    case, payment = await lock_case_of_payment(conn, attempt["payment_id"])
    refund = await conn.fetchrow(FIND, fact.gateway_payment_id, fact.gateway_refund_id, fact.our_refund_id)
    if refund is None:
        refund = await _import(conn, case, payment, fact)
    if refund["gateway_refund_id"] is None:
        refund = await _accepted(conn, case, payment, refund, fact, source)
    if REFUND_RANK[fact.status] > REFUND_RANK[RefundStatus(refund["status"])]:
        await move_refund(conn, case, payment, refund, fact.status, source=source)
    refund_id: UUID = refund["refund_id"]
    return refund_id


async def _accepted(
    conn: Connection, case: Case, payment: Row, refund: Row, fact: RefundFact, source: str
) -> Row:
    """The gateway has it. If we had only concluded that it never would, it is pending again: its word counts."""
    await conn.execute(ACCEPTED, refund["refund_id"], fact.gateway_refund_id)
    if refund["status"] not in CONCLUDED or fact.status is RefundStatus.FAILED:
        return refund
    sources = await sources_of(conn, case.appointment_id, fact.gateway_payment_id, refund["amount"])
    revived = await one(conn, REVIVE, refund["refund_id"], refund["status"], sources.deposit, sources.owed)
    await post(
        conn, postings.refund_revived(refund["refund_id"], refund["amount"], sources), currency=refund["currency"],
        appointment_id=case.appointment_id, payment_id=payment["payment_id"], refund_id=refund["refund_id"],
        at=case.at,
    )  # fmt: skip
    await note(
        conn, payment, "refund", source=source, attempt=refund["gateway_payment_id"], refund_id=refund["refund_id"],
        was=refund["status"], now=RefundStatus.PENDING, reason="revived",
    )  # fmt: skip
    if fact.status is RefundStatus.PENDING:
        await tell_refund(conn, case, RefundInitiated, payment, refund)
    return revived


async def supersede_refund(conn: Connection, case: Case, payment: Row, refund: Row) -> None:
    """The money went back another way before this refund was made: nothing is owed of it, and nothing is told.

    Where the visit is over, nothing becomes a deposit again: what is kept after all is earned.
    """
    deposit = 0 if case.row["earned_at"] else refund["from_deposit"]
    earnings = await earnings_of(conn, case.appointment_id)
    sources = postings.Sources(deposit, refund["from_owed"], earnings)
    await conn.execute(MOVE, refund["refund_id"], RefundStatus.PENDING, RefundStatus.SUPERSEDED, None)
    await post(
        conn, postings.refund_superseded(refund["refund_id"], refund["amount"], sources),
        currency=refund["currency"], appointment_id=case.appointment_id, payment_id=payment["payment_id"],
        refund_id=refund["refund_id"], at=case.at,
    )  # fmt: skip
    await note(
        conn, payment, "refund", source="gateway", attempt=refund["gateway_payment_id"],
        refund_id=refund["refund_id"], was=RefundStatus.PENDING, now=RefundStatus.SUPERSEDED,
    )  # fmt: skip


async def move_refund(
    conn: Connection,
    case: Case,
    payment: Row,
    refund: Row,
    status: RefundStatus,
    *,
    source: str,
    why: str = "",
    paid_from: str = postings.GATEWAY_CLEARING,
) -> None:
    """Move a refund forward, with its postings, its event and the payment's status. The case is locked.

    `paid_from`: the ledger account that the money left, when it was processed.
    """
    was = RefundStatus(refund["status"])
    if await conn.execute(MOVE, refund["refund_id"], was, status, why or None) != "UPDATE 1":
        raise RuntimeError(f"refund {refund['refund_id']} is not {was} any more")
    processed = postings.refund_processed(refund["refund_id"], refund["amount"], paid_from=paid_from)
    kind: type[RefundEvent] = RefundCompleted
    entries: tuple[postings.Posting, ...] = (processed,)
    if status is RefundStatus.FAILED:
        await conn.execute(NOT_GONE_BACK, refund["refund_id"])
        # The money is owed again: staff give it back another way, or ask for another refund.
        log.error("a refund failed and its money is owed again", refund_id=str(refund["refund_id"]), why=why)
        kind = RefundFailed
        entries = postings.refund_failed(
            refund["refund_id"],
            refund["amount"],
            was_processed=was is RefundStatus.PROCESSED,
            again=refund["revived"],
        )
    else:
        await receipt_due(conn, refund["gateway_payment_id"], at=case.at, refund_id=refund["refund_id"])
    for posting in entries:
        await post(
            conn, posting, currency=refund["currency"], appointment_id=case.appointment_id,
            payment_id=payment["payment_id"], refund_id=refund["refund_id"], at=case.at,
        )  # fmt: skip
    await note(
        conn, payment, "refund", source=source, attempt=refund["gateway_payment_id"], refund_id=refund["refund_id"],
        was=was, now=status, reason=refund["reason_code"],
    )  # fmt: skip
    await _payment_status(conn, refund["payment_id"], source)
    await tell_refund(conn, case, kind, payment, refund, by_hand=paid_from != postings.GATEWAY_CLEARING)
    if status is RefundStatus.FAILED:
        cause = f"{refund['refund_id']}:owed"
        await give_by_dispute(conn, case, payment, refund["gateway_payment_id"], cause=cause)


async def _import(conn: Connection, case: Case, payment: Row, fact: RefundFact) -> Row:
    refund_id = new_id()
    sources = await sources_of(conn, case.appointment_id, fact.gateway_payment_id, fact.amount)
    refund = await one(
        conn, IMPORT, refund_id, payment["payment_id"], case.appointment_id, fact.gateway_payment_id, fact.amount,
        fact.currency, f"gateway:{fact.gateway_refund_id}", fact.gateway_refund_id,
        sources.deposit, sources.owed,
    )  # fmt: skip
    await post(
        conn, postings.refund_issued(refund_id, fact.amount, sources), currency=fact.currency,
        appointment_id=case.appointment_id, payment_id=payment["payment_id"], refund_id=refund_id, at=case.at,
    )  # fmt: skip
    await note(
        conn, payment, "refund", source="gateway", attempt=fact.gateway_payment_id, refund_id=refund_id,
        now="pending", reason="dashboard",
    )  # fmt: skip
    return refund


async def _payment_status(conn: Connection, payment_id: UUID, source: str) -> None:
    payment = await one(conn, REFUNDED, payment_id)
    was = PaymentStatus(payment["status"])
    now = status_after_refunds(payment["captured_amount"], payment["refunded_amount"])
    if now is not was:
        await conn.execute(STATUS, payment_id, now, was)
        await note(conn, payment, "status", source=source, was=was, now=now)
