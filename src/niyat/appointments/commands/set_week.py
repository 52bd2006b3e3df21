"""A doctor's weekly hours. Setting them changes the free slots at once, in one transaction.

A booking outside of the new hours keeps its time unless it is given an outcome: a week holds for good, and much of
what is booked in it may still be met. It is always shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from niyat.appointments.audit_log import said_why
from niyat.appointments.commands.plan import locked_schedule, replan
from niyat.appointments.commands.settle import Outcome, settle
from niyat.appointments.commands.windows import Window, check_windows, rows_of
from niyat.appointments.errors import HoursOverlap
from niyat.appointments.hit import Hit
from niyat.appointments.hits import outside
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection

FORGET_WEEK = "DELETE FROM weekly_availability WHERE doctor_id = $1"

SET_WEEK = """
INSERT INTO weekly_availability (doctor_id, weekday, start_time, end_time, consultation_types, place_id)
SELECT $1, w.* FROM jsonb_to_recordset($2)
    AS w (weekday int, start_time time, end_time time, consultation_types text[], place_id uuid)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekdayWindow(Window):
    """A window of every such weekday; 1 is Monday."""

    weekday: int


async def set_week(
    conn: Connection,
    who: Principal,
    doctor_id: UUID,
    hours: Sequence[WeekdayWindow],
    outcomes: Sequence[Outcome] = (),
    *,
    reason: str | None,
    days_ahead: int,
) -> list[Hit]:
    """Replace the doctor's week and re-plan the free slots; what became of the bookings that are outside of it. By
    that doctor, or an admin, who says why.

    Raises DoctorNotFound, Forbidden, ReasonRequired, HoursOverlap, ConsultationTypeNotOffered, PlaceNotFound,
    NotInTheWay, and what `reschedule` raises.
    """
    by = await locked_schedule(conn, doctor_id, who)
    await said_why(conn, by, "set-week", doctor_id, reason)
    await conn.execute(FORGET_WEEK, doctor_id)
    await check_windows(conn, doctor_id, hours)
    try:
        await conn.execute(SET_WEEK, doctor_id, rows_of(hours))
    except asyncpg.ExclusionViolationError as error:
        raise HoursOverlap from error
    await replan(conn, [doctor_id], days_ahead=days_ahead)
    hits = await outside(conn, doctor_ids=[doctor_id])
    return await settle(conn, who, hits, outcomes, may_stay=True)
