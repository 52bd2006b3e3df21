"""Somebody of the family for whom a patient books."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from niyat.appointments.domain import Relationship
from niyat.appointments.errors import BirthDateAhead
from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id

# A day ahead of UTC is today somewhere.
ADD = """
INSERT INTO family_members (id, account_id, name, relationship, birth_date)
SELECT $1, $2, $3, $4, $5 WHERE $5::date IS NULL OR $5 <= (niyat_now() AT TIME ZONE 'UTC')::date + 1 RETURNING true
"""


async def add_family_member(
    conn: Connection, account_id: UUID, *, name: str, relationship: Relationship, birth_date: date | None
) -> UUID:
    """The new member's id. Raises BirthDateAhead."""
    family_member_id = new_id()
    if not await conn.fetchval(ADD, family_member_id, account_id, name, relationship, birth_date):
        raise BirthDateAhead
    return family_member_id
