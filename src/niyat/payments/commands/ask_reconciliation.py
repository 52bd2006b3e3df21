"""Asks for readings of the gateway's report: every day's once it is over, again on the next days, and on request.

Rows may come late, and we may have been away: a day counts as read only when it was read after its end.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id
from niyat.payments.errors import DayNotOver

ASK = """
INSERT INTO reconciliation_runs (run_id, day, asked_by) VALUES ($1, $2, $3)
ON CONFLICT (day) WHERE status = 'asked' DO NOTHING RETURNING run_id
"""
ASKED = "SELECT run_id FROM reconciliation_runs WHERE day = $1 AND status = 'asked'"
YESTERDAY = "SELECT (niyat_now() AT TIME ZONE 'Asia/Kolkata')::date - 1"
OVER = "SELECT $1::date < (niyat_now() AT TIME ZONE 'Asia/Kolkata')::date"
# From the day of the first order. A day is read once, and each day anew while it is young.
DUE = """
WITH now AS (SELECT (niyat_now() AT TIME ZONE 'Asia/Kolkata')::date AS today),
begun AS (SELECT (min(created_at) AT TIME ZONE 'Asia/Kolkata')::date AS day
    FROM payment_transactions WHERE gateway <> 'manual' HAVING count(*) > 0)
SELECT d.day::date AS day
FROM now, begun, generate_series(greatest(begun.day, today - 400), today - 1, '1 day') AS d (day)
WHERE NOT EXISTS (SELECT FROM reconciliation_runs r WHERE r.day = d.day::date AND (r.status = 'asked' OR (
    r.status = 'done' AND r.day < today - 3 AND (r.finished_at AT TIME ZONE 'Asia/Kolkata')::date > r.day)
    OR (r.finished_at AT TIME ZONE 'Asia/Kolkata')::date >= today))
ORDER BY d.day
"""


async def ask_for_day(conn: Connection, day: date, *, asked_by: UUID | None = None) -> UUID:
    """Have the report of `day` read, by a job; the id of that run. Raises DayNotOver."""
    if not await conn.fetchval(OVER, day):
        raise DayNotOver
    made: UUID | None = await conn.fetchval(ASK, new_id(), day, asked_by)
    if made is not None:
        return made
    asked: UUID = await conn.fetchval(ASKED, day)
    return asked


async def ask_for_due_days(conn: Connection) -> int:
    """Ask for every day that is due; how many there are."""
    due = [row["day"] for row in await conn.fetch(DUE)]
    for day in due:
        await conn.execute(ASK, new_id(), day, None)
    return len(due)
