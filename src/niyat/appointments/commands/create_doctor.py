"""A doctor, as an admin enters them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from niyat.appointments.audit_log import said_why
from niyat.appointments.commands.offer import Consultation, set_offer
from niyat.appointments.domain import Actor
from niyat.appointments.errors import AccountIsADoctor, ClinicNotFound, UnknownTimeZone
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id

# Python knows names that PostgreSQL does not; what counts is the one that makes the slots.
KNOWN_ZONE = "SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = $1)"

ADD_DOCTOR = """
INSERT INTO doctors (id, account_id, clinic_id, name, specialty, languages, registration_number, bio, place,
    currency, time_zone)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
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
    currency: str
    time_zone: str
    offer: Sequence[Consultation]


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
        doctor.currency,
        doctor.time_zone,
    )
    try:
        await conn.execute(ADD_DOCTOR, doctor_id, *values)
    except asyncpg.ForeignKeyViolationError as error:
        raise ClinicNotFound from error
    except asyncpg.UniqueViolationError as error:
        raise AccountIsADoctor from error
    await set_offer(conn, doctor_id, doctor.offer)
    await said_why(conn, Actor("admin", who.account_id), "create-doctor", doctor_id, reason)
    return doctor_id
