"""A clinic, as an admin enters it."""

from __future__ import annotations

from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.domain import Actor
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id

ADD_CLINIC = "INSERT INTO clinics (id, name, address) VALUES ($1, $2, $3)"


async def create_clinic(conn: Connection, who: Principal, *, name: str, address: str, reason: str) -> UUID:
    """The new clinic's id. By an admin."""
    clinic_id = new_id()
    await conn.execute(ADD_CLINIC, clinic_id, name, address)
    await said_why(conn, Actor("admin", who.account_id), "create-clinic", clinic_id, reason)
    return clinic_id
