"""Tries a payout again that failed or came back: a new payout with a new key, which names the old one.

Never while the old one may still arrive: only an outcome that is known, and gave the money back, can be followed. The
edge looks again first (`look_again`), where that outcome was concluded from a refusal.
"""

from __future__ import annotations

from uuid import UUID

import asyncpg

from niyat.kernel.db import Connection, one
from niyat.kernel.ids import new_id
from niyat.payments.audit_log import remember
from niyat.payments.commands.decide_batch import available
from niyat.payments.commands.move_payout import ALONE, LOCK, NOTE, move_payout
from niyat.payments.commands.settle_debts import settle_debts
from niyat.payments.errors import (
    FundAccountNotFound,
    PayoutNotCovered,
    PayoutNotFound,
    PayoutNotReturned,
    PayoutProposed,
    PayoutRetried,
    PayoutTooLarge,
)
from niyat.payments.payouts import CAME_TO_NOTHING, AccountType, PayoutStatus, at_once, mode_of

ACCOUNT = "SELECT * FROM doctor_fund_accounts WHERE doctor_id = $1"
AGAIN = """
INSERT INTO doctor_payouts (payout_id, batch_id, doctor_id, amount, currency, period_starts_at, period_ends_at,
    retry_of, fund_account_id, mode)
SELECT $2, batch_id, doctor_id, amount, currency, period_starts_at, period_ends_at, payout_id, $3, $4
FROM doctor_payouts WHERE payout_id = $1
"""
REFUSALS = {"doctor_payouts_one_proposed": PayoutProposed, "doctor_payouts_retried_once": PayoutRetried}


async def retry_payout(conn: Connection, payout_id: UUID, *, reason: str, actor_id: UUID) -> UUID:
    """Approve another try, to the doctor's present fund account; its id.

    Raises PayoutNotFound, PayoutNotReturned, PayoutRetried, PayoutProposed, PayoutTooLarge, PayoutNotCovered,
    FundAccountNotFound.
    """
    await conn.execute(ALONE)
    old = await conn.fetchrow(LOCK, payout_id)
    if old is None:
        raise PayoutNotFound
    if old["status"] not in CAME_TO_NOTHING:
        raise PayoutNotReturned
    account = await conn.fetchrow(ACCOUNT, old["doctor_id"])
    if account is None:
        raise FundAccountNotFound
    retry_id = new_id()
    account_type = AccountType(account["account_type"])
    if at_once(account_type, old["amount"]) < old["amount"]:
        raise PayoutTooLarge
    mode = mode_of(account_type, old["amount"])
    try:
        await conn.execute(AGAIN, payout_id, retry_id, account["fund_account_id"], mode)
    except asyncpg.UniqueViolationError as known:
        raise REFUSALS[known.constraint_name or ""] from known
    await settle_debts(conn, old["doctor_id"])
    if await available(conn, old) < old["amount"]:
        raise PayoutNotCovered
    await remember(conn, actor_id, "retry-payout", payout_id, reason)
    await conn.execute(NOTE, retry_id, None, PayoutStatus.PENDING, "admin", None, actor_id)
    await move_payout(
        conn, await one(conn, LOCK, retry_id), PayoutStatus.APPROVED, source="admin", actor_id=actor_id
    )
    return retry_id
