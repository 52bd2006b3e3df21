"""Finds the bookings that a change of a doctor's schedule hits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from niyat.appointments.hit import Hit
from niyat.kernel.db import Connection, Row

# A visit that is over is no longer hit; one that goes on is.
HEAD = """
SELECT a.id AS appointment_id, a.slot_id, a.doctor_id, a.patient_id, a.status, a.consultation_type,
    a.starts_at, a.ends_at, a.status = 'confirmed' OR a.secured_by IS NOT NULL AS stands
FROM appointments a JOIN doctors d ON d.id = a.doctor_id
WHERE a.status IN ('reserved', 'pending-payment', 'confirmed') AND a.ends_at > niyat_now() AND """

WITHIN = HEAD + "a.doctor_id = $1 AND a.starts_at < $3 AND a.ends_at > $2 ORDER BY a.starts_at, a.id"

OUTSIDE = (
    HEAD
    + """(a.doctor_id = ANY ($1) OR d.clinic_id = $2)
    AND ($3::date[] IS NULL OR (a.starts_at AT TIME ZONE d.time_zone)::date = ANY ($3))
    AND lies_outside_hours(a, d) ORDER BY a.starts_at, a.id"""
)

NOT_OFFERED = (
    HEAD + "a.doctor_id = $1 AND (NOT d.active OR a.consultation_type <> ALL ($2)) ORDER BY a.starts_at, a.id"
)
OFFERED = "SELECT array_agg(consultation_type) FROM consultation_settings WHERE doctor_id = $1"


async def within(conn: Connection, doctor_id: UUID, starts_at: datetime, ends_at: datetime) -> list[Hit]:
    """The doctor's bookings that a block from `starts_at` to `ends_at` would hit, by time."""
    return _hits(await conn.fetch(WITHIN, doctor_id, starts_at, ends_at))


async def outside(
    conn: Connection,
    *,
    doctor_ids: Sequence[UUID] = (),
    clinic_id: UUID | None = None,
    days: Sequence[date] | None = None,
) -> list[Hit]:
    """Bookings of these doctors, or of the clinic's, that lie outside of the hours as they are now, by time.

    `days`: only those that begin on one of these days, in their doctor's zone.
    """
    return _hits(await conn.fetch(OUTSIDE, doctor_ids, clinic_id, days))


async def not_offered(conn: Connection, doctor_id: UUID) -> list[Hit]:
    """The doctor's bookings of a type, or of a doctor, that is no longer on offer, by time."""
    offered = await conn.fetchval(OFFERED, doctor_id)
    return _hits(await conn.fetch(NOT_OFFERED, doctor_id, offered or []))


def _hits(rows: Sequence[Row]) -> list[Hit]:
    values: list[dict[str, Any]] = [dict(row) for row in rows]
    return [Hit(**each) for each in values]
