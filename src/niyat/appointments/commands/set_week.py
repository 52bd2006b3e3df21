"""A doctor's weekly hours. Setting them changes the free slots at once, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from niyat.appointments.audit_log import said_why
from niyat.appointments.commands.plan import locked_schedule, replan
from niyat.appointments.errors import HoursOverlap
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection

FORGET_WEEK = "DELETE FROM weekly_availability WHERE doctor_id = $1"

# Times come as text: 24:00 ends a day, and Python has no such time.
SET_WEEK = """
INSERT INTO weekly_availability (doctor_id, weekday, start_time, end_time)
SELECT $1, weekday, start_time::time, end_time::time
FROM unnest($2::int[], $3::text[], $4::text[]) AS w (weekday, start_time, end_time)
"""


@dataclass(frozen=True, slots=True)
class Hours:
    """One window of a weekday (1 is Monday), in local time, `HH:MM`; `24:00` is the end of the day."""

    weekday: int
    start_time: str
    end_time: str


async def set_week(
    conn: Connection,
    who: Principal,
    doctor_id: UUID,
    hours: Sequence[Hours],
    *,
    reason: str | None,
    days_ahead: int,
) -> None:
    """Replace the doctor's week and re-plan the free slots. By that doctor, or an admin, who says why.

    Raises DoctorNotFound, Forbidden, ReasonRequired, HoursOverlap.
    """
    by = await locked_schedule(conn, doctor_id, who)
    await said_why(conn, by, "set-week", doctor_id, reason)
    await conn.execute(FORGET_WEEK, doctor_id)
    columns = (
        [window.weekday for window in hours],
        [window.start_time for window in hours],
        [window.end_time for window in hours],
    )
    try:
        await conn.execute(SET_WEEK, doctor_id, *columns)
    except asyncpg.ExclusionViolationError as error:
        raise HoursOverlap from error
    await replan(conn, doctor_id, days_ahead=days_ahead)
