"""Closes the books until a day. From then on a fact that comes late is booked on the first open day.

The database refuses a closing that moves back or whose days are not over, and books every posting itself.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

import asyncpg

from niyat.kernel.db import Connection, one
from niyat.kernel.ids import new_id
from niyat.payments.audit_log import remember
from niyat.payments.errors import PeriodClosed, PeriodNotOver

CLOSE = """
INSERT INTO ledger_periods (period_id, closed_until, reason, closed_by) VALUES ($1, $2, $3, $4)
RETURNING period_id, closed_until, reason, closed_by, closed_at
"""


async def close_period(conn: Connection, until: date, *, reason: str, actor_id: UUID) -> asyncpg.Record:
    """Close `until` and all days before it; the row of the closing. Raises PeriodClosed, PeriodNotOver.

    Waits for the transactions that have posted. Nothing is opened again.
    """
    try:
        closed = await one(conn, CLOSE, new_id(), until, reason, actor_id)
    except asyncpg.CheckViolationError as refused:
        raise (
            PeriodNotOver if refused.constraint_name == "ledger_periods_are_over" else PeriodClosed
        ) from refused
    await remember(conn, actor_id, "close-period", closed["period_id"], reason)
    return closed
