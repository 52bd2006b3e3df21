"""Blocked time that is free again: its slots come back at once, in one transaction."""

from __future__ import annotations

from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.commands.plan import locked_schedule, replan
from niyat.appointments.errors import BlockNotFound
from niyat.appointments.hit import Hit
from niyat.appointments.schedule_queries import doctor_of_block
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden

LIFT = "DELETE FROM blocked_slots WHERE id = $1 RETURNING true"


async def lift_block(
    conn: Connection, who: Principal, block_id: UUID, *, reason: str | None, days_ahead: int
) -> list[Hit]:
    """Give the time back to the schedule; it hits no booking. By that doctor, or an admin, who says why.

    Raises BlockNotFound (a stranger's too), ReasonRequired.
    """
    doctor_id = await doctor_of_block(conn, block_id)
    try:
        by = await locked_schedule(conn, doctor_id, who)
    except Forbidden as error:
        raise BlockNotFound from error
    await said_why(conn, by, "lift-block", doctor_id, reason)
    if not await conn.fetchval(LIFT, block_id):
        raise BlockNotFound
    await replan(conn, [doctor_id], days_ahead=days_ahead)
    return []
