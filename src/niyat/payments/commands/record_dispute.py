"""Records what is known of a dispute, under its visit's case. The gateway's answer decides; a webhook only announces.

While a dispute is undecided, the view `frozen_appointments` has its visit: refunds are not sent, doctors not paid.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from niyat.kernel.db import Connection, Row, one
from niyat.kernel.ids import new_id
from niyat.kernel.log import get_logger
from niyat.payments import disputes
from niyat.payments.commands.case import Case, lock_case_of_payment, note
from niyat.payments.commands.post import post
from niyat.payments.commands.refund import give_by_dispute
from niyat.payments.disputes import TRANSITIONS, UNDECIDED, DisputeStatus
from niyat.payments.postings import Posting
from niyat.payments.records import DisputeFact

log = get_logger(__name__)

ATTEMPT = "SELECT payment_id, captured_amount FROM payment_attempts WHERE gateway_payment_id = $1"
FIND = "SELECT * FROM disputes WHERE gateway_dispute_id = $1 FOR UPDATE"
OPEN = """
INSERT INTO disputes (dispute_id, gateway_dispute_id, gateway_payment_id, payment_id, appointment_id, phase,
    reason_code, amount, currency, respond_by, opened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING *
"""
ASK_NOW = "UPDATE disputes SET next_at = niyat_now(), tries = 0 WHERE dispute_id = $1"
KNOWN = """
UPDATE disputes SET phase = $2, reason_code = $3, amount = $4, amount_deducted = $5, respond_by = $6, tries = 0,
    next_at = niyat_now() + $7::interval, updated_at = niyat_now() WHERE dispute_id = $1 RETURNING *
"""
MOVE = """
UPDATE disputes SET status = $3, updated_at = niyat_now(),
    decided_at = CASE WHEN $3 IN ('won', 'lost', 'closed') THEN niyat_now() END
WHERE dispute_id = $1 AND status = $2
"""
HELD = """
SELECT coalesce(sum(e.amount), 0)::bigint FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
WHERE t.external_key = 'disp:' || $1::text || ':held' AND e.account = 'dispute_hold'
"""
# What waited may go on: sent, or given by the dispute itself (cover_refund).
WAKE_REFUNDS = """
UPDATE refunds SET next_at = niyat_now(), tries = 0
WHERE gateway_payment_id = $1 AND status = 'pending' AND next_at IS NOT NULL
"""
TWICE = "SELECT amount FROM double_losses WHERE gateway_payment_id = $1"
ASK_AGAIN = timedelta(hours=6)


async def record_dispute(conn: Connection, fact: DisputeFact, *, source: str) -> UUID | None:
    """Store the fact and what follows. None: of no captured attempt of ours.

    `source` webhook: it may be old, so it only opens the dispute, and the gateway is asked at once.
    """
    attempt = await conn.fetchrow(ATTEMPT, fact.gateway_payment_id)
    if attempt is None or not attempt["captured_amount"]:
        return None
    case, payment = await lock_case_of_payment(conn, attempt["payment_id"])
    dispute = await conn.fetchrow(FIND, fact.gateway_dispute_id)
    if dispute is None:
        dispute = await _open(conn, case, payment, fact, source)
    dispute_id: UUID = dispute["dispute_id"]
    if DisputeStatus(dispute["status"]) not in UNDECIDED:
        if fact.status != dispute["status"] and source != "webhook":
            log.error("a decided dispute is told of otherwise", dispute_id=str(dispute_id), said=fact.status)
        return dispute_id
    if source == "webhook":
        await conn.execute(ASK_NOW, dispute_id)
        return dispute_id
    dispute = await one(
        conn, KNOWN, dispute_id, fact.phase, fact.reason_code, fact.amount, fact.amount_deducted,
        fact.respond_by, ASK_AGAIN,
    )  # fmt: skip
    if fact.status in UNDECIDED and fact.amount_deducted:
        await _post(conn, case, dispute, disputes.held(fact.gateway_dispute_id, fact.amount_deducted))
    await _move(conn, case, payment, dispute, fact.status, source)
    return dispute_id


async def _open(conn: Connection, case: Case, payment: Row, fact: DisputeFact, source: str) -> Row:
    dispute = await one(
        conn, OPEN, new_id(), fact.gateway_dispute_id, fact.gateway_payment_id, payment["payment_id"],
        case.appointment_id, fact.phase, fact.reason_code, fact.amount, fact.currency, fact.respond_by,
        fact.opened_at,
    )  # fmt: skip
    await note(
        conn, payment, "dispute", source=source, attempt=fact.gateway_payment_id, now=DisputeStatus.OPEN
    )
    log.error(
        "a payment is disputed; its refunds and its doctor's payout wait",
        dispute_id=str(dispute["dispute_id"]), respond_by=str(fact.respond_by),
    )  # fmt: skip
    return dispute


async def _move(
    conn: Connection, case: Case, payment: Row, dispute: Row, status: DisputeStatus, source: str
) -> None:
    was = DisputeStatus(dispute["status"])
    if (was, status) not in TRANSITIONS:
        return
    if await conn.execute(MOVE, dispute["dispute_id"], was, status) != "UPDATE 1":
        raise RuntimeError(f"dispute {dispute['dispute_id']} is not {was} any more")
    await note(
        conn, payment, "dispute", source=source, attempt=dispute["gateway_payment_id"], was=was, now=status
    )
    if status in UNDECIDED:
        return
    held = await conn.fetchval(HELD, dispute["gateway_dispute_id"])
    await _post(
        conn, case, dispute,
        disputes.decided(dispute["gateway_dispute_id"], deducted=dispute["amount_deducted"], was_held=held),
    )  # fmt: skip
    await conn.execute(WAKE_REFUNDS, dispute["gateway_payment_id"])
    await give_by_dispute(
        conn, case, payment, dispute["gateway_payment_id"], cause=f"dispute:{dispute['dispute_id']}:owed"
    )
    if twice := await conn.fetchval(TWICE, dispute["gateway_payment_id"]):
        log.error(
            "a refunded payment was lost once more", dispute_id=str(dispute["dispute_id"]), amount=twice
        )


async def _post(conn: Connection, case: Case, dispute: Row, posting: Posting) -> None:
    await post(
        conn, posting, currency=dispute["currency"], appointment_id=case.appointment_id,
        payment_id=dispute["payment_id"], at=case.at,
    )  # fmt: skip
