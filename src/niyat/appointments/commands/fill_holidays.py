"""Keeps a clinic's national holidays filled in for the coming year, as its calendar says them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from niyat.appointments.commands.replan_clinic import ask_for_replan
from niyat.appointments.errors import ClinicNotFound, HolidayCalendarNotFound
from niyat.appointments.national_holidays import national_holidays
from niyat.kernel.db import Connection, Database, one
from niyat.kernel.log import get_logger

log = get_logger(__name__)

DAYS_AHEAD = 400  # more than any slot is made ahead

LOCK = "SELECT true FROM clinics WHERE id = $1 FOR NO KEY UPDATE"

CALENDAR = """
SELECT c.country, c.subdivision, (niyat_now() AT TIME ZONE 'UTC')::date - 1 AS first,
    (niyat_now() AT TIME ZONE 'UTC')::date + $2::int AS last
FROM clinics LEFT JOIN holiday_calendars c ON c.clinic_id = clinics.id WHERE clinics.id = $1
"""

# A day that is the clinic's own already stays so. What the calendar no longer says goes, from today on.
FILL = """
WITH said AS MATERIALIZED (SELECT * FROM unnest($2::date[], $3::text[]) AS s (day, name)),
gone AS (
    DELETE FROM clinic_holidays h
    WHERE h.clinic_id = $1 AND h.source = 'national' AND h.day >= $4
      AND NOT EXISTS (SELECT FROM said WHERE said.day = h.day)
    RETURNING h.day, h.observed
),
come AS (
    INSERT INTO clinic_holidays AS h (clinic_id, day, name, source) SELECT $1, day, name, 'national' FROM said
    ON CONFLICT (clinic_id, day) DO NOTHING RETURNING h.day
),
renamed AS (
    UPDATE clinic_holidays h SET name = said.name FROM said
    WHERE h.clinic_id = $1 AND h.day = said.day AND h.source = 'national' AND h.name <> said.name
)
SELECT day FROM come UNION SELECT day FROM gone WHERE observed ORDER BY day
"""

CALENDARS = "SELECT clinic_id FROM holiday_calendars ORDER BY clinic_id"


async def lock_clinic(conn: Connection, clinic_id: UUID) -> None:
    """Take the clinic's lock, before any doctor's. Raises ClinicNotFound."""
    if not await conn.fetchval(LOCK, clinic_id):
        raise ClinicNotFound


async def fill_holidays(conn: Connection, clinic_id: UUID) -> list[date]:
    """Bring the clinic's national holidays in line with its calendar; the days on which that opens or closes it.

    Its doctors are marked to be planned anew when there are any. Raises ClinicNotFound, HolidayCalendarNotFound.
    """
    await lock_clinic(conn, clinic_id)
    row = await one(conn, CALENDAR, clinic_id, DAYS_AHEAD)
    said = (
        national_holidays(row["country"], row["subdivision"], row["first"], row["last"])
        if row["country"]
        else {}
    )
    days = await conn.fetch(FILL, clinic_id, list(said), list(said.values()), row["first"])
    if days:
        await ask_for_replan(conn, clinic_id)
    return [row["day"] for row in days]


async def fill_all_holidays(db: Database) -> int:
    """Do so for every clinic that has a calendar, each in its own transaction; how many days came or went.

    A country that the library no longer knows keeps the days that it has.
    """
    days = 0
    for row in await db.fetch(CALENDARS):
        try:
            days += len(await db.run(fill_holidays, row["clinic_id"]))
        except HolidayCalendarNotFound:
            log.warning("a clinic's country is not known any more", clinic_id=str(row["clinic_id"]))
    return days
