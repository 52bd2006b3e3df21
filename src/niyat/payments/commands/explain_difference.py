"""An administrator explains a difference, with a reason, and says where money in suspense belongs."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection
from niyat.payments import postings, reconciliation
from niyat.payments.audit_log import remember
from niyat.payments.commands.close_settlement import LOCK
from niyat.payments.commands.post import post
from niyat.payments.errors import (
    AccountNotCorrectable,
    AccountNotFound,
    DifferenceExplained,
    DifferenceNotFound,
    MoneyInSuspense,
    NotInSuspense,
)
from niyat.payments.reconciliation import DifferenceKind, DifferenceStatus

FIND = "SELECT settlement_id FROM reconciliation_differences WHERE difference_id = $1"
DIFFERENCE = "SELECT *, niyat_now() AS at FROM reconciliation_differences WHERE difference_id = $1 FOR UPDATE"
IN_SUSPENSE = "SELECT coalesce(sum(amount), 0)::bigint FROM settlement_suspense WHERE settlement_id = $1"
OTHERS = """
SELECT EXISTS (SELECT FROM reconciliation_differences WHERE settlement_id = $1 AND status = 'open')
"""
CORRECTABLE = "SELECT correctable FROM ledger_accounts WHERE account = $1"
EXPLAIN = """
UPDATE reconciliation_differences SET status = 'explained', explained_at = niyat_now(), explained_by = $2, reason = $3
WHERE difference_id = $1 AND status = 'open'
"""
NOT_BY_HAND = {reconciliation.SUSPENSE, postings.DOCTOR_PAYABLE, postings.DOCTOR_RECEIVABLE}


async def explain_difference(
    conn: Connection, difference_id: UUID, *, reason: str, account: str | None, actor_id: UUID
) -> None:
    """Close a difference. `account`: its amount leaves suspense for there; None: it never was money of the bank's.

    Raises DifferenceNotFound, DifferenceExplained, AccountNotFound, AccountNotCorrectable, NotInSuspense, and
    MoneyInSuspense when nothing would explain what of its settlement stays in suspense.
    """
    found = await conn.fetchrow(FIND, difference_id)
    if found is None:
        raise DifferenceNotFound
    settlement_id = found["settlement_id"]
    await conn.execute(LOCK, settlement_id or str(difference_id))
    difference = await conn.fetchrow(DIFFERENCE, difference_id)
    if difference is None or difference["status"] != DifferenceStatus.OPEN:
        raise DifferenceExplained
    await conn.execute(EXPLAIN, difference_id, actor_id, reason)
    await remember(conn, actor_id, "explain-difference", difference_id, reason)
    waiting = await conn.fetchval(IN_SUSPENSE, settlement_id)
    if account is not None:
        await _require_correctable(conn, account)
        # What is missing in the report did reach the bank: there, theirs is less, and suspense has more.
        sign = -1 if difference["kind"] == DifferenceKind.MISSING else 1
        amount = sign * difference["amount"]
        if not 0 < amount <= waiting and not waiting <= amount < 0:
            raise NotInSuspense(in_suspense=waiting)
        await post(
            conn, reconciliation.explained(difference_id, amount, account), currency=difference["currency"],
            appointment_id=None, payment_id=None, at=difference["at"],
        )  # fmt: skip
        waiting -= amount
    if waiting and not await conn.fetchval(OTHERS, settlement_id):
        raise MoneyInSuspense(in_suspense=waiting)


async def _require_correctable(conn: Connection, account: str) -> None:
    correctable = await conn.fetchval(CORRECTABLE, account)
    if correctable is None:
        raise AccountNotFound(account=account)
    if not correctable or account in NOT_BY_HAND:
        raise AccountNotCorrectable(account=account)
