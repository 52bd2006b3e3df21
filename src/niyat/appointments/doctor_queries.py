"""Reads of doctors and their time, each one statement, shaped as the API shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from niyat.appointments.errors import ClinicNotFound, DoctorNotFound, UnknownTimeZone
from niyat.kernel.db import Connection, Database, Row
from niyat.kernel.idempotency import Reader

DOCTORS = """
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
        SELECT starts_at FROM bookable_slots b WHERE b.doctor_id = d.id ORDER BY starts_at LIMIT 1) f ON true
WHERE (d.active OR $8)
  AND ($1::uuid IS NULL OR d.id = $1)
  AND ($2::text IS NULL OR position(lower($2) IN lower(d.name)) > 0)
  AND ($3::text IS NULL OR lower(d.specialty) = lower($3))
  AND ($4::text IS NULL OR EXISTS (SELECT FROM unnest(d.languages) AS l WHERE lower(l) = lower($4)))
  AND ($5::text IS NULL OR (d.name, d.id) > ($5, $6::uuid))
ORDER BY d.name, d.id LIMIT $7
"""

WEEK = """
SELECT d.time_zone, w.weekday, to_char(w.start_time, 'HH24:MI') AS start_time,
    to_char(w.end_time, 'HH24:MI') AS end_time, w.consultation_types, w.place_id
FROM doctors d LEFT JOIN weekly_availability w ON w.doctor_id = d.id
WHERE d.id = $1 ORDER BY w.weekday, w.start_time
"""
HOURS = ("weekday", "start_time", "end_time", "consultation_types", "place_id")

PLACES = """
SELECT p.id AS place_id, c.id AS clinic_id, p.name, p.address
FROM clinics c LEFT JOIN places p
    ON p.clinic_id = c.id AND ($2::text IS NULL OR (p.name, p.id) > ($2, $3::uuid))
WHERE c.id = $1 ORDER BY p.name, p.id LIMIT $4
"""

# A day without a time is a day of the viewer's zone, or of the doctor's. Local times come from PostgreSQL, whose
# time zone data made the slots: Python's may be of another year.
SLOTS = """
WITH d AS MATERIALIZED (
    SELECT id AS doctor_id, time_zone AS doctor_zone, coalesce($6, time_zone) AS zone
    FROM doctors WHERE id = $1 AND active),
range AS MATERIALIZED (
    SELECT *, coalesce($2, $3::date::timestamp AT TIME ZONE zone, niyat_now()) AS lower FROM d),
span AS MATERIALIZED (
    SELECT *, least(coalesce($4, ($5::date + 1)::timestamp AT TIME ZONE zone, lower + interval '7 days'),
                    lower + interval '31 days') AS upper FROM range)
SELECT span.doctor_zone, b.id AS slot_id, b.starts_at, b.ends_at, b.consultation_types, b.place_id,
    place_of(b.place_id, d, c) AS place,
    (b.starts_at AT TIME ZONE span.zone) - (b.starts_at AT TIME ZONE 'UTC') AS utc_offset
FROM span JOIN doctors d ON d.id = span.doctor_id JOIN clinics c ON c.id = d.clinic_id LEFT JOIN bookable_slots b
    ON b.doctor_id = span.doctor_id AND b.starts_at >= span.lower AND b.starts_at < span.upper
    AND ($7::text IS NULL OR $7 = ANY (b.consultation_types))
ORDER BY b.starts_at, b.ends_at
"""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorFilter:
    """Which doctors: a part of the name, a specialty, a language."""

    name: str | None = None
    specialty: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFilter:
    """Which free slots. `from` and `to` are instants, or days (`to` included) of `time_zone`."""

    from_at: datetime | None = None
    from_day: date | None = None
    to_at: datetime | None = None
    to_day: date | None = None
    time_zone: str | None = None
    consultation_type: str | None = None


async def doctors(
    db: Database, wanted: DoctorFilter, *, after: tuple[str, UUID] | None, limit: int
) -> list[Row]:
    """Doctors by name, with their first free time; one more than `limit` when there are more."""
    return await db.fetch(
        DOCTORS,
        None,
        wanted.name,
        wanted.specialty,
        wanted.language,
        *(after or (None, None)),
        limit + 1,
        False,
    )


async def doctor(reader: Reader, doctor_id: UUID, *, even_inactive: bool = False) -> Json:
    """One doctor. Raises DoctorNotFound; for one who is listed no more too, unless asked for."""
    row = await reader.fetchrow(DOCTORS, doctor_id, None, None, None, None, None, 1, even_inactive)
    if row is None:
        raise DoctorNotFound
    return dict(row)


async def doctor_account(db: Database, doctor_id: UUID) -> UUID:
    """The account with which the doctor signs in. Raises DoctorNotFound."""
    account_id: UUID | None = await db.fetchval("SELECT account_id FROM doctors WHERE id = $1", doctor_id)
    if account_id is None:
        raise DoctorNotFound
    return account_id


async def week(reader: Connection | Database, doctor_id: UUID) -> Json:
    """The doctor's weekly hours in their own zone. Raises DoctorNotFound."""
    rows = await reader.fetch(WEEK, doctor_id)
    if not rows:
        raise DoctorNotFound
    hours = [{name: row[name] for name in HOURS} for row in rows if row["weekday"]]
    return {"doctor_id": doctor_id, "time_zone": rows[0]["time_zone"], "hours": hours}


async def slots(db: Database, doctor_id: UUID, wanted: SlotFilter) -> tuple[str, list[Row]]:
    """The doctor's zone and the slots that can be booked now, by time; at most 31 days.

    Raises DoctorNotFound, UnknownTimeZone.
    """
    try:
        rows = await db.fetch(
            SLOTS,
            doctor_id,
            wanted.from_at,
            wanted.from_day,
            wanted.to_at,
            wanted.to_day,
            wanted.time_zone,
            wanted.consultation_type,
        )
    except asyncpg.InvalidParameterValueError as error:
        raise UnknownTimeZone from error
    if not rows:
        raise DoctorNotFound
    return rows[0]["doctor_zone"], [row for row in rows if row["slot_id"]]


async def places(db: Database, clinic_id: UUID, *, after: tuple[str, UUID] | None, limit: int) -> list[Row]:
    """The clinic's places by name; one more than `limit` when there are more. Raises ClinicNotFound."""
    rows = await db.fetch(PLACES, clinic_id, *(after or (None, None)), limit + 1)
    if not rows:
        raise ClinicNotFound
    return [row for row in rows if row["place_id"]]
