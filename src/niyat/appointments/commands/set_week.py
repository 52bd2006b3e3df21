"""A doctor's weekly hours. Setting them changes the free slots at once, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

import asyncpg

from niyat.appointments.audit_log import said_why
from niyat.appointments.commands.plan import locked_schedule, replan
from niyat.appointments.commands.windows import Window, check_windows
from niyat.appointments.errors import HoursOverlap
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection

FORGET_WEEK = "DELETE FROM weekly_availability WHERE doctor_id = $1"

# Times come as text: 24:00 ends a day, and Python has no such time.
SET_WEEK = """
INSERT INTO weekly_availability (doctor_id, weekday, start_time, end_time, consultation_types, place_id)
SELECT $1, w.* FROM jsonb_to_recordset($2)
    AS w (weekday int, start_time time, end_time time, consultation_types text[], place_id uuid)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours(Window):
    """A window of every such weekday; 1 is Monday."""

    weekday: int


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

    Raises DoctorNotFound, Forbidden, ReasonRequired, HoursOverlap, ConsultationTypeNotOffered, PlaceNotFound.
    """
    by = await locked_schedule(conn, doctor_id, who)
    await said_why(conn, by, "set-week", doctor_id, reason)
    await conn.execute(FORGET_WEEK, doctor_id)
    await check_windows(conn, doctor_id, hours)
    rows = [asdict(window) | {"place_id": window.place_id and str(window.place_id)} for window in hours]
    try:
        await conn.execute(SET_WEEK, doctor_id, rows)
    except asyncpg.ExclusionViolationError as error:
        raise HoursOverlap from error
    await replan(conn, doctor_id, days_ahead=days_ahead)
