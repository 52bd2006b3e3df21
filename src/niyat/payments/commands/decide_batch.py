"""An administrator approves a batch, and its money is no longer the doctors' to be owed; or discards it.

Approval looks again: who is owed less since the proposal, or is to be paid elsewhere, is left out of it and proposed
anew next time. An amount that somebody approved is never changed.
"""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection, Row
from niyat.payments.audit_log import remember
from niyat.payments.commands.move_payout import ALONE, move_payout
from niyat.payments.commands.settle_debts import settle_debts
from niyat.payments.errors import PayoutBatchDecided, PayoutBatchNotFound
from niyat.payments.payouts import BatchStatus, PayoutStatus

BATCH = "SELECT * FROM payout_batches WHERE batch_id = $1 FOR UPDATE"
DECIDE = """
UPDATE payout_batches SET status = $2, decided_by = $3, decided_at = niyat_now()
WHERE batch_id = $1 AND status = 'proposed'
"""
PENDING = """
SELECT p.*, niyat_now() AS at, f.fund_account_id IS NOT DISTINCT FROM p.fund_account_id AS same_account
FROM doctor_payouts p LEFT JOIN doctor_fund_accounts f USING (doctor_id)
WHERE p.batch_id = $1 AND p.status = 'pending' ORDER BY p.payout_id FOR UPDATE OF p
"""
AVAILABLE = "SELECT coalesce(sum(available), 0)::bigint FROM doctor_balances($1, $2) WHERE currency = $3"


async def available(conn: Connection, payout: Row) -> int:
    """What the payout's doctor can be paid now of what was earned in its period or before, in minor units."""
    amount: int = await conn.fetchval(
        AVAILABLE, payout["period_ends_at"], payout["doctor_id"], payout["currency"]
    )
    return amount


async def approve_batch(conn: Connection, batch_id: UUID, *, reason: str, actor_id: UUID) -> None:
    """Approve what is still owed of a batch; a job sends it. Raises PayoutBatchNotFound, PayoutBatchDecided."""
    await _decide(conn, batch_id, BatchStatus.APPROVED, actor_id)
    await remember(conn, actor_id, "approve-payouts", batch_id, reason)
    await settle_debts(conn)
    for payout in await conn.fetch(PENDING, batch_id):
        unfit = None
        if not payout["same_account"]:
            unfit = "fund-account-changed"
        elif await available(conn, payout) < payout["amount"]:
            unfit = "no-longer-owed"
        status = PayoutStatus.CANCELLED if unfit else PayoutStatus.APPROVED
        await move_payout(conn, payout, status, source="admin", reason=unfit, actor_id=actor_id)


async def discard_batch(conn: Connection, batch_id: UUID, *, reason: str, actor_id: UUID) -> None:
    """Pay nothing of a batch; it stays owed. Raises PayoutBatchNotFound, PayoutBatchDecided."""
    await _decide(conn, batch_id, BatchStatus.DISCARDED, actor_id)
    await remember(conn, actor_id, "discard-payouts", batch_id, reason)
    for payout in await conn.fetch(PENDING, batch_id):
        await move_payout(
            conn, payout, PayoutStatus.CANCELLED, source="admin", reason="discarded", actor_id=actor_id
        )


async def _decide(conn: Connection, batch_id: UUID, status: BatchStatus, actor_id: UUID) -> None:
    await conn.execute(ALONE)
    batch = await conn.fetchrow(BATCH, batch_id)
    if batch is None:
        raise PayoutBatchNotFound
    if await conn.execute(DECIDE, batch_id, status, actor_id) != "UPDATE 1":
        raise PayoutBatchDecided
