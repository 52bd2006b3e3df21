"""Reads of what changes a doctor's usual week: overrides, blocks, the clinic's holidays. Each one statement."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from niyat.appointments.errors import BlockNotFound, ClinicNotFound, DoctorNotFound
from niyat.kernel.auth import Principal
from niyat.kernel.db import Database, Reader, Row
from niyat.kernel.errors import Forbidden

BLOCKS = """
SELECT id AS block_id, doctor_id, starts_at, ends_at, reason FROM blocked_slots
WHERE doctor_id = $1 AND ends_at > coalesce($2, niyat_now())
  AND ($3::timestamptz IS NULL OR (starts_at, id) > ($3, $4::uuid))
ORDER BY starts_at, id LIMIT $5
"""

# A day off is the one row without times.
OVERRIDES = """
SELECT o.doctor_id, o.day, d.time_zone, min(o.reason) AS reason,
    coalesce(jsonb_agg(jsonb_build_object(
        'start_time', to_char(o.start_time, 'HH24:MI'), 'end_time', to_char(o.end_time, 'HH24:MI'),
        'consultation_types', o.consultation_types, 'place_id', o.place_id)
        ORDER BY o.start_time) FILTER (WHERE o.start_time IS NOT NULL), '[]') AS hours
FROM availability_overrides o JOIN doctors d ON d.id = o.doctor_id
WHERE o.doctor_id = $1
  AND o.day BETWEEN coalesce($2::date, (niyat_now() AT TIME ZONE d.time_zone)::date) AND coalesce($3::date, 'infinity')
  AND ($4::date IS NULL OR o.day > $4)
GROUP BY o.doctor_id, o.day, d.time_zone ORDER BY o.day LIMIT $5
"""

HOLIDAYS = """
SELECT c.id AS clinic_id, h.day, h.name, h.source, h.observed
FROM clinics c LEFT JOIN clinic_holidays h ON h.clinic_id = c.id
    AND h.day BETWEEN coalesce($2::date, (niyat_now() AT TIME ZONE 'UTC')::date) AND coalesce($3::date, 'infinity')
    AND ($4::date IS NULL OR h.day > $4)
WHERE c.id = $1 ORDER BY h.day LIMIT $5
"""

CALENDAR = """
SELECT c.id AS clinic_id, k.country, k.subdivision
FROM clinics c LEFT JOIN holiday_calendars k ON k.clinic_id = c.id WHERE c.id = $1
"""


async def refuse_unless_theirs(db: Database, doctor_id: UUID, who: Principal) -> None:
    """Only that doctor or an admin may look. Raises DoctorNotFound, Forbidden."""
    account_id = await db.fetchval("SELECT account_id FROM doctors WHERE id = $1", doctor_id)
    if account_id is None:
        raise DoctorNotFound
    if account_id != who.account_id and not who.has("admin"):
        raise Forbidden


async def blocks(
    db: Database,
    doctor_id: UUID,
    ending_after: datetime | None,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Row]:
    """The doctor's blocks, by time; one more than `limit` when there are more."""
    return await db.fetch(BLOCKS, doctor_id, ending_after, *(after or (None, None)), limit + 1)


async def doctor_of_block(db: Reader, block_id: UUID) -> UUID:
    """Whose block it is. Raises BlockNotFound."""
    doctor_id: UUID | None = await db.fetchval("SELECT doctor_id FROM blocked_slots WHERE id = $1", block_id)
    if doctor_id is None:
        raise BlockNotFound
    return doctor_id


async def overrides(
    db: Reader,
    doctor_id: UUID,
    first: date | None,
    last: date | None,
    *,
    after: date | None = None,
    limit: int,
) -> list[Row]:
    """The doctor's days with other hours, by day, from today if not from `first`; one more than `limit` when there
    are more.
    """
    return await db.fetch(OVERRIDES, doctor_id, first, last, after, limit + 1)


async def holidays(
    db: Reader,
    clinic_id: UUID,
    first: date | None,
    last: date | None,
    *,
    after: date | None = None,
    limit: int,
) -> list[Row]:
    """The clinic's holidays, those that it works through too, by day; one more than `limit` when there are more.

    Raises ClinicNotFound.
    """
    rows = await db.fetch(HOLIDAYS, clinic_id, first, last, after, limit + 1)
    if not rows:
        raise ClinicNotFound
    return [row for row in rows if row["day"]]


async def holiday_calendar(db: Database, clinic_id: UUID) -> Row:
    """Which country's holidays the clinic keeps; null for none. Raises ClinicNotFound."""
    row = await db.fetchrow(CALENDAR, clinic_id)
    if row is None:
        raise ClinicNotFound
    return row
