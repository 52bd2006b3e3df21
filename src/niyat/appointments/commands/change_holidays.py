"""The days on which a clinic is closed: which country's it keeps, its own besides, and those it works through.

Its doctors are planned anew. Bookings on a day that closes keep their time until somebody moves or cancels each:
a holiday is many doctors' day, and most of their bookings are not this admin's to decide in one request. They are
shown before and after.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.commands.fill_holidays import fill_holidays, lock_clinic
from niyat.appointments.commands.replan_clinic import ask_for_replan
from niyat.appointments.domain import Actor
from niyat.appointments.errors import DayIsOver, HolidayNotFound
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection

SET_CALENDAR = """
INSERT INTO holiday_calendars (clinic_id, country, subdivision) VALUES ($1, $2, $3)
ON CONFLICT (clinic_id) DO UPDATE SET country = excluded.country, subdivision = excluded.subdivision
"""
NO_CALENDAR = "DELETE FROM holiday_calendars WHERE clinic_id = $1"

CLOSE = """
INSERT INTO clinic_holidays AS h (clinic_id, day, name, source) VALUES ($1, $2, $3, 'clinic')
ON CONFLICT (clinic_id, day) DO UPDATE SET observed = true WHERE NOT h.observed RETURNING true
"""

# As if it were a national one that is not observed: filling in takes it away where the calendar does not say it.
OPEN = """
UPDATE clinic_holidays SET source = 'national', observed = false
WHERE clinic_id = $1 AND day = $2 AND observed RETURNING true
"""

IS_OVER = "SELECT $1 < (niyat_now() AT TIME ZONE 'UTC')::date - 1"


async def set_holiday_calendar(
    conn: Connection,
    who: Principal,
    clinic_id: UUID,
    country: str | None,
    subdivision: str | None,
    *,
    reason: str,
) -> list[date]:
    """Keep this country's holidays (none: no country's); the days that this opens or closes. By an admin.

    Raises ClinicNotFound, HolidayCalendarNotFound.
    """
    await lock_clinic(conn, clinic_id)
    if country is None:
        await conn.execute(NO_CALENDAR, clinic_id)
    else:
        await conn.execute(SET_CALENDAR, clinic_id, country, subdivision)
    await _say(conn, who, "set-holiday-calendar", clinic_id, reason)
    return await fill_holidays(conn, clinic_id)


async def add_holiday(
    conn: Connection, who: Principal, clinic_id: UUID, day: date, name: str, *, reason: str
) -> list[date]:
    """Close the clinic on `day`; the day, unless it was closed. A national holiday that it worked through keeps its
    own name. By an admin. Raises ClinicNotFound, DayIsOver.
    """
    await _lock(conn, clinic_id, day)
    await _say(conn, who, "add-holiday", clinic_id, reason)
    if not await conn.fetchval(CLOSE, clinic_id, day, name):
        return []
    await ask_for_replan(conn, clinic_id)
    return [day]


async def remove_holiday(
    conn: Connection, who: Principal, clinic_id: UUID, day: date, *, reason: str
) -> list[date]:
    """Open the clinic on `day`; the day. Its own holiday goes; a national one stays in the list, not observed.
    By an admin. Raises ClinicNotFound, DayIsOver, HolidayNotFound.
    """
    await _lock(conn, clinic_id, day)
    await _say(conn, who, "remove-holiday", clinic_id, reason)
    if not await conn.fetchval(OPEN, clinic_id, day):
        raise HolidayNotFound
    await fill_holidays(conn, clinic_id)
    await ask_for_replan(conn, clinic_id)
    return [day]


async def _lock(conn: Connection, clinic_id: UUID, day: date) -> None:
    await lock_clinic(conn, clinic_id)
    if await conn.fetchval(IS_OVER, day):
        raise DayIsOver


async def _say(conn: Connection, who: Principal, action: str, clinic_id: UUID, reason: str) -> None:
    await said_why(conn, Actor("admin", who.account_id), action, clinic_id, reason)
