"""A doctor, as an admin enters them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from niyat.appointments.audit_log import said_why
from niyat.appointments.domain import Actor, ConsultationType
from niyat.appointments.errors import AccountIsADoctor, ClinicNotFound, UnknownTimeZone
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id
from niyat.kernel.money import Money

# Python knows names that PostgreSQL does not; what counts is the one that makes the slots.
KNOWN_ZONE = "SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = $1)"

ADD_DOCTOR = """
INSERT INTO doctors (id, account_id, clinic_id, name, specialty, languages, registration_number, bio, place,
    fee_amount, currency, time_zone, slot_minutes, buffer_before_minutes, buffer_after_minutes,
    minimum_notice_minutes, maximum_advance_days, consultation_types)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDoctor:
    """What an admin says about a doctor. `account_id` is the account with which the doctor signs in."""

    account_id: UUID
    clinic_id: UUID
    name: str
    specialty: str
    languages: Sequence[str]
    registration_number: str
    bio: str
    place: str
    fee: Money
    time_zone: str
    slot_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    minimum_notice_minutes: int
    maximum_advance_days: int
    consultation_types: Sequence[ConsultationType]


async def create_doctor(conn: Connection, who: Principal, doctor: NewDoctor, *, reason: str) -> UUID:
    """The new doctor's id. Raises ClinicNotFound, AccountIsADoctor, UnknownTimeZone."""
    if not await conn.fetchval(KNOWN_ZONE, doctor.time_zone):
        raise UnknownTimeZone
    doctor_id = new_id()
    values = (
        doctor.account_id,
        doctor.clinic_id,
        doctor.name,
        doctor.specialty,
        doctor.languages,
        doctor.registration_number,
        doctor.bio,
        doctor.place,
        doctor.fee.amount,
        doctor.fee.currency,
        doctor.time_zone,
        doctor.slot_minutes,
        doctor.buffer_before_minutes,
        doctor.buffer_after_minutes,
        doctor.minimum_notice_minutes,
        doctor.maximum_advance_days,
        doctor.consultation_types,
    )
    try:
        await conn.execute(ADD_DOCTOR, doctor_id, *values)
    except asyncpg.ForeignKeyViolationError as error:
        raise ClinicNotFound from error
    except asyncpg.UniqueViolationError as error:
        raise AccountIsADoctor from error
    await said_why(conn, Actor("admin", who.account_id), "create-doctor", doctor_id, reason)
    return doctor_id
