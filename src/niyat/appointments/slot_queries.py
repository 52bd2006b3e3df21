"""Free times: only what can truly be booked now, each listing one statement.

A day without a time is a day of the viewer's zone, or of the doctor's. Local times come from PostgreSQL, whose time
zone data made the slots: Python's may be of another year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from niyat.appointments.errors import DoctorNotFound, UnknownTimeZone
from niyat.kernel.db import Database, Row

# Each doctor gives the first few after the cursor, straight from the index of their slots; the whole list is the
# first few of those. So neither the number of slots stored nor the length of the range decides what a page costs.
SLOTS = """
WITH d AS MATERIALIZED (
    SELECT d.id AS doctor_id, d.time_zone AS doctor_zone, coalesce($5, d.time_zone) AS zone, d, c
    FROM doctors d JOIN clinics c ON c.id = d.clinic_id
    WHERE d.active AND ($8::uuid IS NULL OR d.id = $8) AND ($9::text IS NULL OR lower(d.specialty) = lower($9))
      AND ($10::uuid IS NULL OR d.clinic_id = $10)
),
range AS MATERIALIZED (
    SELECT *, greatest(niyat_now(), coalesce($1, $2::date::timestamp AT TIME ZONE zone, niyat_now())) AS lower FROM d),
span AS MATERIALIZED (
    SELECT *, least(coalesce($3, ($4::date + 1)::timestamp AT TIME ZONE zone, lower + interval '7 days'),
                    lower + interval '31 days') AS upper FROM range)
SELECT span.doctor_id, (span.d).name AS doctor_name, (span.d).specialty, (span.c).name AS clinic_name,
    span.doctor_zone, b.id AS slot_id, b.starts_at, b.ends_at, b.consultation_types, b.place_id,
    place_of(b.place_id, span.d, span.c) AS place,
    (b.starts_at AT TIME ZONE span.zone) - (b.starts_at AT TIME ZONE 'UTC') AS utc_offset
FROM span LEFT JOIN LATERAL (
    SELECT * FROM bookable_slots b
    WHERE b.doctor_id = span.doctor_id AND b.starts_at >= greatest(span.lower, $11) AND b.starts_at < span.upper
      AND ($6::text IS NULL OR $6 = ANY (b.consultation_types))
      AND ($7::uuid IS NULL OR b.place_id = $7)
      AND ($11::timestamptz IS NULL OR (b.starts_at, b.id) > ($11, $12::uuid))
    ORDER BY b.starts_at, b.id LIMIT $13) b ON true
WHERE b.id IS NOT NULL OR $8 IS NOT NULL
ORDER BY b.starts_at, b.id LIMIT $13
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFilter:
    """Which free slots. `from` and `to` are instants, or days (`to` included) of `time_zone`; at most 31 days."""

    from_at: datetime | None = None
    from_day: date | None = None
    to_at: datetime | None = None
    to_day: date | None = None
    time_zone: str | None = None
    consultation_type: str | None = None
    place_id: UUID | None = None
    doctor_id: UUID | None = None
    specialty: str | None = None
    clinic_id: UUID | None = None


async def slots(
    db: Database, wanted: SlotFilter, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[Row]:
    """The slots that can be booked now, the first first; one more than `limit` when there are more.

    Raises UnknownTimeZone.
    """
    return [row for row in await _rows(db, wanted, after, limit) if row["slot_id"]]


async def slots_of(
    db: Database, wanted: SlotFilter, *, after: tuple[datetime, UUID] | None, limit: int
) -> tuple[str, list[Row]]:
    """The zone of the one doctor who is wanted, and the same. Raises DoctorNotFound, UnknownTimeZone."""
    rows = await _rows(db, wanted, after, limit)
    if not rows:
        raise DoctorNotFound
    return rows[0]["doctor_zone"], [row for row in rows if row["slot_id"]]


async def _rows(
    db: Database, wanted: SlotFilter, after: tuple[datetime, UUID] | None, limit: int
) -> list[Row]:
    try:
        return await db.fetch(
            SLOTS,
            wanted.from_at,
            wanted.from_day,
            wanted.to_at,
            wanted.to_day,
            wanted.time_zone,
            wanted.consultation_type,
            wanted.place_id,
            wanted.doctor_id,
            wanted.specialty,
            wanted.clinic_id,
            *(after or (None, None)),
            limit + 1,
        )
    except asyncpg.InvalidParameterValueError as error:
        raise UnknownTimeZone from error
