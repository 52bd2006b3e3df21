"""Reads of appointments, each one statement, shaped as the API shows them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from niyat.appointments.errors import AppointmentNotFound, DoctorNotFound
from niyat.kernel.auth import Principal
from niyat.kernel.db import Database, Reader, Row

APPOINTMENT = """
SELECT appointment_json(a, d, c) AS body, a.patient_id, d.account_id AS doctor_account_id
FROM appointments a JOIN doctors d ON d.id = a.doctor_id JOIN clinics c ON c.id = d.clinic_id WHERE a.id = $1
"""

# $6: whoever asks without being an admin sees what is theirs, as patient or as doctor.
APPOINTMENTS = """
SELECT a.starts_at, a.id, appointment_json(a, d, c) AS body
FROM appointments a JOIN doctors d ON d.id = a.doctor_id JOIN clinics c ON c.id = d.clinic_id
WHERE ($1::uuid IS NULL OR a.doctor_id = $1)
  AND ($2::uuid IS NULL OR a.patient_id = $2)
  AND ($3::text[] IS NULL OR a.status = ANY ($3))
  AND ($4::timestamptz IS NULL OR a.starts_at >= $4)
  AND ($5::timestamptz IS NULL OR a.starts_at < $5)
  AND ($6::uuid IS NULL OR a.patient_id = $6 OR d.account_id = $6)
  AND ($7::timestamptz IS NULL OR (a.starts_at, a.id) > ($7, $8::uuid))
ORDER BY a.starts_at, a.id LIMIT $9
"""

# Others ask what a payment for it must come to: that is the price as it was quoted, whatever a move did since.
INTERNAL = """
SELECT a.id AS appointment_id, a.doctor_id, a.patient_id, a.status, a.quoted_amount AS amount, a.currency, a.policy,
    a.hold_expires_at, a.starts_at, a.ends_at, a.time_zone, a.revision, a.secured_by, a.consultation_type,
    d.name AS doctor_name, d.registration_number, d.account_id AS doctor_account_id, c.name AS clinic_name,
    c.address AS clinic_address,
    place_of(a.place_id, d, c) AS place, a.cancelled_by, a.amount_owed_back, a.updated_at
FROM appointments a JOIN doctors d ON d.id = a.doctor_id JOIN clinics c ON c.id = d.clinic_id WHERE a.id = ANY ($1)
"""

INTERNAL_DOCTOR = """
SELECT d.id AS doctor_id, d.account_id, d.name AS doctor_name, d.registration_number, d.time_zone
FROM doctors d WHERE d.id = $1
"""

DAY = """
SELECT d.id AS doctor_id, d.account_id AS doctor_account_id, c.name AS clinic_name, d.time_zone, coalesce((
    SELECT jsonb_agg(jsonb_build_object(
        'appointment_id', a.id, 'starts_at', utc(a.starts_at), 'ends_at', utc(a.ends_at),
        'consultation_type', a.consultation_type, 'place', place_of(a.place_id, d, c)) ORDER BY a.starts_at, a.id)
    FROM appointments a
    WHERE a.doctor_id = d.id AND a.status = 'confirmed' AND a.starts_at >= $2 AND a.starts_at < $3), '[]') AS visits
FROM doctors d JOIN clinics c ON c.id = d.clinic_id WHERE d.id = $1
"""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentFilter:
    """Which appointments; `seen_by` limits them to one account's own."""

    doctor_id: UUID | None = None
    patient_id: UUID | None = None
    statuses: Sequence[str] | None = None
    starts_from: datetime | None = None
    starts_before: datetime | None = None
    seen_by: UUID | None = None


async def appointment(reader: Reader, appointment_id: UUID, who: Principal) -> Json:
    """The appointment for one of its two parties or an admin. Raises AppointmentNotFound for anybody else."""
    row = await reader.fetchrow(APPOINTMENT, appointment_id)
    if row is None or not (
        who.has("admin") or who.account_id in (row["patient_id"], row["doctor_account_id"])
    ):
        raise AppointmentNotFound
    body: Json = row["body"]
    return body


async def appointments(
    db: Database, wanted: AppointmentFilter, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[Row]:
    """Rows of `starts_at`, `id`, `body`, by time; one more than `limit` when there are more."""
    return await db.fetch(
        APPOINTMENTS,
        wanted.doctor_id,
        wanted.patient_id,
        wanted.statuses,
        wanted.starts_from,
        wanted.starts_before,
        wanted.seen_by,
        *(after or (None, None)),
        limit + 1,
    )


async def internal_view(reader: Reader, appointment_id: UUID) -> Json:
    """What other services may know. Raises AppointmentNotFound."""
    row = await reader.fetchrow(INTERNAL, [appointment_id])
    if row is None:
        raise AppointmentNotFound
    return dict(row)


async def internal_views(db: Database, appointment_ids: Collection[UUID]) -> list[Json]:
    """The same of many, in no order; those that are not there are left out."""
    return [dict(row) for row in await db.fetch(INTERNAL, list(appointment_ids))]


async def day_of(reader: Reader, doctor_id: UUID, starts_at: datetime, ends_at: datetime) -> Json:
    """The confirmed visits of a doctor that start in that time, in order. Raises DoctorNotFound."""
    row = await reader.fetchrow(DAY, doctor_id, starts_at, ends_at)
    if row is None:
        raise DoctorNotFound
    return dict(row) | {"starts_at": starts_at, "ends_at": ends_at}


async def internal_doctor(reader: Reader, doctor_id: UUID) -> Json:
    """What other services may know of a doctor. Raises DoctorNotFound."""
    row = await reader.fetchrow(INTERNAL_DOCTOR, doctor_id)
    if row is None:
        raise DoctorNotFound
    return dict(row)
