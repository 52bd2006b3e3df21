"""Reads of an account's family members."""

from __future__ import annotations

from uuid import UUID

from niyat.appointments.errors import FamilyMemberNotFound
from niyat.kernel.db import Database, Reader, Row

MEMBER = """
SELECT id AS family_member_id, name, relationship, birth_date, created_at, updated_at
FROM family_members WHERE id = $1 AND account_id = $2 AND archived_at IS NULL
"""

MEMBERS = """
SELECT id AS family_member_id, name, relationship, birth_date, created_at, updated_at
FROM family_members
WHERE account_id = $1 AND archived_at IS NULL AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3
"""


async def family_member(reader: Reader, family_member_id: UUID, account_id: UUID) -> Row:
    """One whom `account_id` may book for. Raises FamilyMemberNotFound, for anybody else's too."""
    row: Row | None = await reader.fetchrow(MEMBER, family_member_id, account_id)
    if row is None:
        raise FamilyMemberNotFound
    return row


async def family_members(db: Database, account_id: UUID, *, after: UUID | None, limit: int) -> list[Row]:
    """In the order in which they were entered; one more than `limit` when there are more."""
    return await db.fetch(MEMBERS, account_id, after, limit + 1)
