"""What an account says about somebody of the family is corrected. What was booked shows it too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from niyat.appointments.errors import BirthDateAhead
from niyat.appointments.family_queries import family_member
from niyat.kernel.db import Connection

CHANGE = """
UPDATE family_members SET name = $3, relationship = $4, birth_date = $5, updated_at = niyat_now()
WHERE id = $1 AND account_id = $2 AND archived_at IS NULL
  AND ($5::date IS NULL OR $5 <= (niyat_now() AT TIME ZONE 'UTC')::date + 1)
RETURNING true
"""


async def change_family_member(
    conn: Connection, family_member_id: UUID, account_id: UUID, changes: Mapping[str, Any]
) -> None:
    """Set what `changes` names of name, relationship and birth_date. Raises FamilyMemberNotFound, BirthDateAhead."""
    now = {**await family_member(conn, family_member_id, account_id), **changes}
    changed = await conn.fetchval(
        CHANGE, family_member_id, account_id, now["name"], now["relationship"], now["birth_date"]
    )
    if not changed:
        await family_member(conn, family_member_id, account_id)  # or gone meanwhile
        raise BirthDateAhead
