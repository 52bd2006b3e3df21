"""A day has its weekly hours again, or its holiday. The free slots follow at once, in one transaction, and each
booking outside of those hours is moved or cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.commands.plan import locked_schedule, replan
from niyat.appointments.commands.settle import Outcome, settle
from niyat.appointments.errors import OverrideNotFound
from niyat.appointments.hit import Hit
from niyat.appointments.hits import outside
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection, rows_affected

REMOVE = "DELETE FROM availability_overrides WHERE doctor_id = $1 AND day = $2"


async def remove_override(
    conn: Connection,
    who: Principal,
    doctor_id: UUID,
    day: date,
    outcomes: Sequence[Outcome] = (),
    *,
    reason: str | None,
    days_ahead: int,
) -> list[Hit]:
    """Give the day its usual hours; what became of the bookings outside of them. By that doctor, or an admin, who
    says why.

    Raises DoctorNotFound, Forbidden, ReasonRequired, OverrideNotFound, BookingsInTheWay unless each booking has its
    outcome, NotInTheWay, and what `reschedule` raises.
    """
    by = await locked_schedule(conn, doctor_id, who)
    await said_why(conn, by, "remove-override", doctor_id, reason)
    if not rows_affected(await conn.execute(REMOVE, doctor_id, day)):
        raise OverrideNotFound
    await replan(conn, [doctor_id], days_ahead=days_ahead)
    hits = await outside(conn, doctor_ids=[doctor_id], days=[day])
    return await settle(conn, who, hits, outcomes, may_stay=False)
