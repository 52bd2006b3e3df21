"""Reads of reconciliation, for administrators."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from niyat.kernel.db import Database, Reader, one
from niyat.payments.errors import RunNotFound

RUN = "SELECT * FROM reconciliation_runs WHERE run_id = $1"
RUNS = """
SELECT * FROM reconciliation_runs WHERE ($1::date IS NULL OR day = $1) AND ($2::uuid IS NULL OR run_id < $2)
ORDER BY run_id DESC LIMIT $3
"""
SETTLEMENTS = """
SELECT s.settlement_id, s.amount, s.currency, s.utr, s.settled_at, coalesce(r.rows, 0) AS rows,
    coalesce(r.matched, 0) AS matched, coalesce(r.fee, 0)::bigint AS fee, coalesce(r.tax, 0)::bigint AS tax,
    coalesce(p.amount, 0) AS in_suspense
FROM settlements s LEFT JOIN settlement_suspense p USING (settlement_id)
LEFT JOIN (SELECT r.settlement_id, count(*) AS rows, count(m.row_id) AS matched,
        sum(r.fee) FILTER (WHERE m.row_id IS NOT NULL) AS fee, sum(r.tax) FILTER (WHERE m.row_id IS NOT NULL) AS tax
    FROM settlement_rows r LEFT JOIN settlement_matches m USING (row_id) GROUP BY r.settlement_id) r
    USING (settlement_id)
WHERE s.day = $1 ORDER BY s.settled_at, s.settlement_id
"""
DIFFERENCES = """
SELECT * FROM reconciliation_differences
WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR kind = $2) AND ($3::date IS NULL OR day = $3)
    AND ($4::uuid IS NULL OR difference_id < $4)
ORDER BY difference_id DESC LIMIT $5
"""
DIFFERENCE = "SELECT * FROM reconciliation_differences WHERE difference_id = $1"
LAST_READ = "SELECT max(finished_at) FROM reconciliation_runs WHERE day = $1 AND status = 'done'"


async def find_run(db: Reader, run_id: UUID) -> dict[str, Any]:
    """One reading of a report. Raises RunNotFound."""
    row = await db.fetchrow(RUN, run_id)
    if row is None:
        raise RunNotFound
    return dict(row)


async def runs(db: Database, day: date | None, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The readings before that one, the newest first, and one more than `limit` if there are more."""
    return [dict(row) for row in await db.fetch(RUNS, day, before, limit + 1)]


async def day_report(db: Database, day: date) -> dict[str, Any]:
    """What was settled on a day of the gateway's calendar, and every difference of it."""
    return {
        "day": day,
        "read_at": await db.fetchval(LAST_READ, day),
        "settlements": [dict(row) for row in await db.fetch(SETTLEMENTS, day)],
        "differences": [dict(row) for row in await db.fetch(DIFFERENCES, None, None, day, None, None)],
    }


async def differences(
    db: Database, status: str | None, kind: str | None, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Differences before that one, the newest first, and one more than `limit` if there are more."""
    return [dict(row) for row in await db.fetch(DIFFERENCES, status, kind, None, before, limit + 1)]


async def find_difference(db: Reader, difference_id: UUID) -> dict[str, Any]:
    """One difference that exists."""
    return dict(await one(db, DIFFERENCE, difference_id))
