"""What a doctor's one day has instead of its weekly hours: off, other hours, or an extra day, on a holiday too.

The free slots of the day follow at once, in one transaction, and each booking outside of its hours is moved or
cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from niyat.appointments.audit_log import said_why
from niyat.appointments.commands.plan import locked_schedule, replan
from niyat.appointments.commands.settle import Outcome, settle
from niyat.appointments.commands.windows import Window, check_windows, rows_of
from niyat.appointments.errors import DayIsOver, HoursOverlap
from niyat.appointments.hit import Hit
from niyat.appointments.hits import outside
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection

IS_OVER = "SELECT $2 < (niyat_now() AT TIME ZONE time_zone)::date FROM doctors WHERE id = $1"

FORGET_DAY = "DELETE FROM availability_overrides WHERE doctor_id = $1 AND day = $2"

SET_DAY = """
INSERT INTO availability_overrides (doctor_id, day, reason, start_time, end_time, consultation_types, place_id)
SELECT $1, $2, $3, w.* FROM jsonb_to_recordset($4)
    AS w (start_time time, end_time time, consultation_types text[], place_id uuid)
"""

OFF = {"start_time": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """The day in the doctor's own zone, and its windows; none is a day off."""

    doctor_id: UUID
    day: date
    windows: Sequence[Window] = ()


async def set_override(
    conn: Connection,
    who: Principal,
    override: Override,
    outcomes: Sequence[Outcome] = (),
    *,
    reason: str | None,
    days_ahead: int,
) -> list[Hit]:
    """Give the day these hours alone; what became of the bookings outside of them. By that doctor, or an admin, who
    says why.

    Raises DoctorNotFound, Forbidden, ReasonRequired, DayIsOver, HoursOverlap, ConsultationTypeNotOffered,
    PlaceNotFound, BookingsInTheWay unless each booking has its outcome, NotInTheWay, and what `reschedule` raises.
    """
    doctor_id, day = override.doctor_id, override.day
    by = await locked_schedule(conn, doctor_id, who)
    await said_why(conn, by, "set-override", doctor_id, reason)
    if await conn.fetchval(IS_OVER, doctor_id, day):
        raise DayIsOver
    await check_windows(conn, doctor_id, override.windows)
    await conn.execute(FORGET_DAY, doctor_id, day)
    try:
        await conn.execute(SET_DAY, doctor_id, day, reason or "", rows_of(override.windows) or [OFF])
    except asyncpg.ExclusionViolationError as error:
        raise HoursOverlap from error
    await replan(conn, [doctor_id], days_ahead=days_ahead)
    hits = await outside(conn, doctor_ids=[doctor_id], days=[day])
    return await settle(conn, who, hits, outcomes, may_stay=False)
