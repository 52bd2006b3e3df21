"""A place where a clinic's doctors see patients besides their usual one, as an admin enters it."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from niyat.appointments.audit_log import said_why
from niyat.appointments.domain import Actor
from niyat.appointments.errors import ClinicNotFound, PlaceExists
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id

ADD_PLACE = "INSERT INTO places (id, clinic_id, name, address) VALUES ($1, $2, $3, $4)"


async def create_place(
    conn: Connection, who: Principal, clinic_id: UUID, *, name: str, address: str, reason: str
) -> UUID:
    """The new place's id. By an admin. Raises ClinicNotFound, PlaceExists."""
    place_id = new_id()
    try:
        await conn.execute(ADD_PLACE, place_id, clinic_id, name, address)
    except asyncpg.ForeignKeyViolationError as error:
        raise ClinicNotFound from error
    except asyncpg.UniqueViolationError as error:
        raise PlaceExists from error
    await said_why(conn, Actor("admin", who.account_id), "create-place", place_id, reason)
    return place_id
