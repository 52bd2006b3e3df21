"""Time that a doctor takes out of the schedule. The free slots within it go at once, in one transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.commands.plan import locked_schedule, replan
from niyat.appointments.errors import BookingsInTheWay
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id

HIT = """
SELECT id FROM appointments
WHERE doctor_id = $1 AND status IN ('reserved', 'pending-payment', 'confirmed') AND starts_at < $3 AND ends_at > $2
ORDER BY starts_at
"""

BLOCK = """
INSERT INTO blocked_slots (id, doctor_id, starts_at, ends_at, reason, created_by) VALUES ($1, $2, $3, $4, $5, $6)
"""


async def block_time(
    conn: Connection,
    who: Principal,
    doctor_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    *,
    reason: str | None,
    days_ahead: int,
) -> UUID:
    """Take free time out of the schedule; the block's id. By that doctor, or an admin, who says why.

    Raises DoctorNotFound, Forbidden, ReasonRequired, BookingsInTheWay (with their ids: no booking is dropped
    silently).
    """
    by = await locked_schedule(conn, doctor_id, who)
    await said_why(conn, by, "block-time", doctor_id, reason)
    if hit := await conn.fetch(HIT, doctor_id, starts_at, ends_at):
        raise BookingsInTheWay(appointment_ids=[str(row["id"]) for row in hit])
    block_id = new_id()
    await conn.execute(BLOCK, block_id, doctor_id, starts_at, ends_at, reason or "", who.account_id)
    await replan(conn, doctor_id, days_ahead=days_ahead)
    return block_id
