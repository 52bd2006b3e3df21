"""Somebody of the family is offered no more. Whoever was booked for stays in those bookings' records, archived."""

from __future__ import annotations

from uuid import UUID

from niyat.appointments.errors import FamilyMemberNotFound, FamilyMemberOnWaitlist
from niyat.kernel.db import Connection

LOCK = """
SELECT true FROM family_members WHERE id = $1 AND account_id = $2 AND archived_at IS NULL FOR UPDATE
"""

# Joining the line takes a share of the member's row first: what is not seen here does not come later.
USED = """
SELECT EXISTS (SELECT FROM appointments WHERE family_member_id = $1)
    OR EXISTS (SELECT FROM waitlist_entries WHERE family_member_id = $1)
"""
IN_LINE = """
SELECT EXISTS (SELECT FROM waitlist_entries WHERE family_member_id = $1 AND status IN ('waiting', 'offered'))
"""

ARCHIVE = "UPDATE family_members SET archived_at = niyat_now(), updated_at = niyat_now() WHERE id = $1"
DELETE = "DELETE FROM family_members WHERE id = $1"


async def remove_family_member(conn: Connection, family_member_id: UUID, account_id: UUID) -> None:
    """Delete, or archive when booked for before. Raises FamilyMemberNotFound, FamilyMemberOnWaitlist."""
    if not await conn.fetchval(LOCK, family_member_id, account_id):
        raise FamilyMemberNotFound
    if await conn.fetchval(IN_LINE, family_member_id):
        raise FamilyMemberOnWaitlist
    used = await conn.fetchval(USED, family_member_id)
    await conn.execute(ARCHIVE if used else DELETE, family_member_id)
