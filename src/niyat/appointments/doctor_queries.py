"""Reads of doctors and their weeks, each one statement, shaped as the API shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from niyat.appointments.errors import DoctorNotFound
from niyat.kernel.db import Database, Reader, Row

_DOCTOR = """
SELECT d.id AS doctor_id, d.name, d.specialty, d.languages, d.registration_number, d.bio, d.clinic_id,
    c.name AS clinic_name, place_of(NULL, d, c) AS place, d.currency, d.time_zone, d.active,
    o.consultations, o.consultation_types, o.fee_amount, o.slot_minutes, o.minimum_notice_minutes,
    o.maximum_advance_days, f.starts_at AS first_free_at
FROM doctors d JOIN clinics c ON c.id = d.clinic_id
    CROSS JOIN LATERAL (
        SELECT jsonb_agg(to_jsonb(s) - 'doctor_id' ORDER BY consultation_type) AS consultations,
            array_agg(consultation_type ORDER BY consultation_type) AS consultation_types,
            min(fee_amount) AS fee_amount, min(slot_minutes) AS slot_minutes,
            min(minimum_notice_minutes) AS minimum_notice_minutes, max(maximum_advance_days) AS maximum_advance_days
        FROM consultation_settings s WHERE s.doctor_id = d.id) o
    LEFT JOIN LATERAL (
        SELECT starts_at FROM bookable_slots b
        WHERE b.doctor_id = d.id AND ($1::text IS NULL OR $1 = ANY (b.consultation_types))
        ORDER BY starts_at LIMIT 1) f ON true
"""
DOCTOR = _DOCTOR + "WHERE d.id = $2 AND (d.active OR $3)"
_DOCTORS = (
    _DOCTOR
    + """
WHERE d.active
  AND ($7::uuid IS NULL OR d.clinic_id = $7)
  AND ($2::text IS NULL OR position(lower($2) IN lower(d.name)) > 0)
  AND ($3::text IS NULL OR lower(d.specialty) = lower($3))
  AND ($4::text IS NULL OR EXISTS (SELECT FROM unnest(d.languages) AS l WHERE lower(l) = lower($4)))
  AND ($1::text IS NULL OR $1 = ANY (o.consultation_types))
  AND ($9::timestamptz IS NULL OR f.starts_at < $9)
"""
)
BY_NAME = (
    _DOCTORS + "AND ($5::text IS NULL OR (d.name, d.id) > ($5, $6::uuid)) ORDER BY d.name, d.id LIMIT $8"
)
# Whoever has no free time comes last, as if it were at the end of all time.
BY_FIRST_FREE = (
    _DOCTORS
    + """
  AND ($5::timestamptz IS NULL OR (coalesce(f.starts_at, '2100-01-01Z'), d.id) > ($5, $6::uuid))
ORDER BY coalesce(f.starts_at, '2100-01-01Z'), d.id LIMIT $8
"""
)

# What the doctors that are listed have to be searched by.
CHOICES = """
SELECT ARRAY(SELECT DISTINCT specialty FROM doctors WHERE active ORDER BY specialty) AS specialties,
    ARRAY(SELECT DISTINCT unnest(languages) AS l FROM doctors WHERE active ORDER BY l) AS languages
"""

WEEK = """
SELECT d.time_zone, w.weekday, to_char(w.start_time, 'HH24:MI') AS start_time,
    to_char(w.end_time, 'HH24:MI') AS end_time, w.consultation_types, w.place_id
FROM doctors d LEFT JOIN weekly_availability w ON w.doctor_id = d.id
WHERE d.id = $1 ORDER BY w.weekday, w.start_time
"""
HOURS = ("weekday", "start_time", "end_time", "consultation_types", "place_id")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorFilter:
    """Which doctors: a part of the name, a specialty, a language, a type on offer, a clinic; `free_before`: with a
    free time before that instant.
    """

    name: str | None = None
    specialty: str | None = None
    language: str | None = None
    consultation_type: str | None = None
    clinic_id: UUID | None = None
    free_before: datetime | None = None


async def doctors_by_name(
    db: Database, wanted: DoctorFilter, *, after: tuple[str, UUID] | None, limit: int
) -> list[Row]:
    """Doctors by name, with their first free time; one more than `limit` when there are more."""
    return await db.fetch(BY_NAME, *_parameters(wanted, after), limit + 1, wanted.free_before)


async def doctors_by_first_free(
    db: Database, wanted: DoctorFilter, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[Row]:
    """The same by first free time, those without one last."""
    return await db.fetch(BY_FIRST_FREE, *_parameters(wanted, after), limit + 1, wanted.free_before)


async def choices(db: Database) -> Json:
    """Every specialty and language of the doctors that are listed."""
    row = await db.fetchrow(CHOICES)
    return dict(row) if row else {}


def _parameters(wanted: DoctorFilter, after: tuple[object, UUID] | None) -> tuple[object, ...]:
    filters = (wanted.consultation_type, wanted.name, wanted.specialty, wanted.language)
    return (*filters, *(after or (None, None)), wanted.clinic_id)


async def doctor(reader: Reader, doctor_id: UUID, *, even_inactive: bool = False) -> Json:
    """One doctor. Raises DoctorNotFound; for one who is listed no more too, unless asked for."""
    row = await reader.fetchrow(DOCTOR, None, doctor_id, even_inactive)
    if row is None:
        raise DoctorNotFound
    return dict(row)


async def week(reader: Reader, doctor_id: UUID) -> Json:
    """The doctor's weekly hours in their own zone. Raises DoctorNotFound."""
    rows = await reader.fetch(WEEK, doctor_id)
    if not rows:
        raise DoctorNotFound
    hours = [{name: row[name] for name in HOURS} for row in rows if row["weekday"]]
    return {"doctor_id": doctor_id, "time_zone": rows[0]["time_zone"], "hours": hours}
