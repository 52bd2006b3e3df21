"""Reads of reconciliation and disputes, for administrators; and the gateway's troubles, for whoever is about to pay."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from niyat.kernel.db import Database
from niyat.payments.commands.record_downtime import CONFIRMED_WITHIN

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
DISPUTES = """
SELECT d.*, coalesce(l.amount, 0) AS double_loss FROM disputes d LEFT JOIN double_losses l USING (gateway_payment_id)
"""
DISPUTE_LIST = (
    DISPUTES
    + """
WHERE ($1::text IS NULL OR d.status = $1) AND ($2::uuid IS NULL OR d.dispute_id < $2)
ORDER BY d.dispute_id DESC LIMIT $3
"""
)
NOTES = """
SELECT actor_id AS noted_by, reason AS note, at AS noted_at FROM audit_log
WHERE subject_id = $1 AND action = 'note-dispute' ORDER BY id
"""
TROUBLES = """
SELECT method, instrument, severity, begins_at FROM gateway_downtimes
WHERE NOT resolved AND (NOT scheduled OR begins_at <= niyat_now())    -- the gateway's clock is not ours
    AND (ends_at IS NULL OR ends_at > niyat_now()) AND confirmed_at > niyat_now() - $1::interval
ORDER BY method, begins_at, downtime_id LIMIT 20
"""


async def find_run(db: Any, run_id: UUID) -> dict[str, Any] | None:
    """One reading of a report; `db` is a database or an open transaction."""
    row = await db.fetchrow(RUN, run_id)
    return dict(row) if row else None


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


async def find_difference(db: Any, difference_id: UUID) -> dict[str, Any]:
    """One difference that exists; `db` is a database or an open transaction."""
    return dict(await db.fetchrow(DIFFERENCE, difference_id))


async def disputes(db: Database, status: str | None, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Disputes before that one, the newest first, and one more than `limit` if there are more."""
    return [dict(row) for row in await db.fetch(DISPUTE_LIST, status, before, limit + 1)]


async def find_dispute(db: Any, dispute_id: UUID) -> dict[str, Any] | None:
    """One dispute with its notes; `db` is a database or an open transaction."""
    row = await db.fetchrow(DISPUTES + "WHERE d.dispute_id = $1", dispute_id)
    if row is None:
        return None
    return dict(row) | {"notes": [dict(note) for note in await db.fetch(NOTES, dispute_id)]}


async def troubles(db: Database) -> list[dict[str, Any]]:
    """What the gateway has trouble with now, as far as it has said so lately."""
    return [dict(row) for row in await db.fetch(TROUBLES, CONFIRMED_WITHIN)]
