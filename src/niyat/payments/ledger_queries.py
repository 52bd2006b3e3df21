"""Reads of the ledger. Reports go by the day a posting is booked on; the audit by the instant it was written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from niyat.kernel.db import Database

BALANCES = "SELECT * FROM ledger_balances($1, $2)"
ENTRIES = """
SELECT e.id AS entry_id, e.account, e.amount, e.currency, t.id AS transaction_id, t.external_key, t.booked_on,
    t.event_at, t.created_at, t.appointment_id, t.payment_id, t.refund_id, t.doctor_id
FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
WHERE ($1::text IS NULL OR e.account = $1) AND ($2::date IS NULL OR t.booked_on >= $2)
    AND ($3::date IS NULL OR t.booked_on <= $3) AND ($4::uuid IS NULL OR t.appointment_id = $4)
    AND ($5::uuid IS NULL OR t.doctor_id = $5) AND ($6::bigint IS NULL OR e.id < $6)
ORDER BY e.id DESC LIMIT $7
"""
PERIODS = """
SELECT period_id, closed_until, reason, closed_by, closed_at FROM ledger_periods
WHERE $1::date IS NULL OR closed_until < $1 ORDER BY closed_until DESC LIMIT $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which entries; both days belong to it."""

    account: str | None = None
    from_day: date | None = None
    to_day: date | None = None
    appointment_id: UUID | None = None
    doctor_id: UUID | None = None


async def balances(db: Database, until: date | None, written_by: datetime | None) -> list[dict[str, Any]]:
    """Every account's balance per currency, debit above zero: of what was booked until a day, and written by then."""
    return [dict(row) for row in await db.fetch(BALANCES, until, written_by)]


async def entries(db: Database, which: EntryFilter, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Entries before that one, the newest first, and one more than `limit` if there are more."""
    rows = await db.fetch(
        ENTRIES, which.account, which.from_day, which.to_day, which.appointment_id, which.doctor_id, before, limit + 1
    )  # fmt: skip
    return [dict(row) for row in rows]


async def periods(db: Database, before: date | None, limit: int) -> list[dict[str, Any]]:
    """The closings before that day, the newest first, and one more than `limit` if there are more."""
    return [dict(row) for row in await db.fetch(PERIODS, before, limit + 1)]
