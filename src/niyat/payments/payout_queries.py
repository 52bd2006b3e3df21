"""Reads of payouts, their batches and what doctors are owed. Whose they are is checked by the routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from niyat.kernel.db import Reader
from niyat.payments.commands.propose_payouts import cut_off_today
from niyat.payments.errors import FundAccountNotFound, PayoutBatchNotFound, PayoutNotFound
from niyat.payments.settings import PaymentsSettings

PAYOUTS = """
SELECT * FROM doctor_payouts WHERE ($1::uuid IS NULL OR payout_id < $1) AND ($2::uuid IS NULL OR doctor_id = $2)
    AND ($3::text IS NULL OR status = $3) ORDER BY payout_id DESC LIMIT $4
"""
PAYOUT = "SELECT * FROM doctor_payouts WHERE payout_id = $1"
RETRIED_BY = "SELECT payout_id FROM doctor_payouts WHERE retry_of = $1"
HISTORY = """
SELECT from_status, to_status, source, reason_code, happened_at FROM payout_history WHERE payout_id = $1 ORDER BY id
"""
BATCHES = """
SELECT b.*, s.* FROM payout_batches b CROSS JOIN LATERAL (
    SELECT count(*) AS payouts, coalesce(sum(amount), 0)::bigint AS amount FROM doctor_payouts p
    WHERE p.batch_id = b.batch_id AND p.status <> 'cancelled' AND p.retry_of IS NULL) s
"""
BATCH_PAGE = BATCHES + "WHERE $1::uuid IS NULL OR b.batch_id < $1 ORDER BY b.batch_id DESC LIMIT $2"
BATCH = BATCHES + "WHERE b.batch_id = $1"
OF_BATCH = "SELECT * FROM doctor_payouts WHERE batch_id = $1 ORDER BY payout_id"
BALANCES = """
SELECT b.*, $1::timestamptz AS cut_off, f.fund_account_id,
    coalesce((SELECT sum(p.amount) FROM doctor_payouts p WHERE p.doctor_id = b.doctor_id
        AND p.currency = b.currency AND p.status IN ('approved', 'queued', 'processing')), 0)::bigint AS on_its_way
FROM doctor_balances($1, $2) b LEFT JOIN doctor_fund_accounts f USING (doctor_id)
WHERE $3::text IS NULL OR (b.currency, b.doctor_id) > ($3, $4::uuid) ORDER BY b.currency, b.doctor_id LIMIT $5
"""
FUND_ACCOUNT = "SELECT * FROM doctor_fund_accounts WHERE doctor_id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutFilter:
    """Which payouts."""

    doctor_id: UUID | None = None
    status: str | None = None


async def payouts(db: Reader, which: PayoutFilter, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Payouts before that one, the newest first, and one more than `limit` if there are more."""
    rows = await db.fetch(PAYOUTS, before, which.doctor_id, which.status, limit + 1)
    return [dict(row) for row in rows]


async def payout_in_full(db: Reader, payout_id: UUID) -> dict[str, Any]:
    """One payout with its history and the payout that came after it. Raises PayoutNotFound."""
    row = await db.fetchrow(PAYOUT, payout_id)
    if row is None:
        raise PayoutNotFound
    return dict(row) | {
        "retried_by": await db.fetchval(RETRIED_BY, payout_id),
        "history": [dict(line) for line in await db.fetch(HISTORY, payout_id)],
    }


async def batches(db: Reader, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Batches before that one, the newest first, and one more than `limit` if there are more."""
    return [dict(row) for row in await db.fetch(BATCH_PAGE, before, limit + 1)]


async def batch_in_full(db: Reader, batch_id: UUID) -> dict[str, Any]:
    """One batch with its payouts. Raises PayoutBatchNotFound."""
    row = await db.fetchrow(BATCH, batch_id)
    if row is None:
        raise PayoutBatchNotFound
    return dict(row) | {"items": [dict(payout) for payout in await db.fetch(OF_BATCH, batch_id)]}


async def balances(
    db: Reader,
    settings: PaymentsSettings,
    *,
    doctor_id: UUID | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    """What doctors are owed now, and what a batch of today would propose of it; by currency and doctor, after that one.

    One more than `limit` if there are more.
    """
    cut_off = await cut_off_today(db, settings)
    currency, doctor = after or (None, None)
    rows = await db.fetch(BALANCES, cut_off, doctor_id, currency, doctor, limit + 1)
    return [dict(row) for row in rows]


async def fund_account(db: Reader, doctor_id: UUID) -> dict[str, Any]:
    """Where a doctor is paid. Raises FundAccountNotFound."""
    row = await db.fetchrow(FUND_ACCOUNT, doctor_id)
    if row is None:
        raise FundAccountNotFound
    return dict(row)
