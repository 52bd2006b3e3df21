"""A doctor's weekly hours and blocked time. Changing them changes the free slots at once, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from niyat.appointments.commands.plan import lock_doctors, replan
from niyat.appointments.errors import BookingsInTheWay, DoctorNotFound, HoursOverlap
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden
from niyat.kernel.ids import new_id

FORGET_WEEK = "DELETE FROM weekly_availability WHERE doctor_id = $1"

# Times come as text: 24:00 ends a day, and Python has no such time.
SET_WEEK = """
INSERT INTO weekly_availability (doctor_id, weekday, start_time, end_time)
SELECT $1, weekday, start_time::time, end_time::time
FROM unnest($2::int[], $3::text[], $4::text[]) AS w (weekday, start_time, end_time)
"""

HIT = """
SELECT id FROM appointments
WHERE doctor_id = $1 AND status IN ('reserved', 'pending-payment', 'confirmed') AND starts_at < $3 AND ends_at > $2
ORDER BY starts_at
"""

BLOCK = """
INSERT INTO blocked_slots (id, doctor_id, starts_at, ends_at, reason, created_by) VALUES ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True, slots=True)
class Hours:
    """One window of a weekday (1 is Monday), in local time, `HH:MM`; `24:00` is the end of the day."""

    weekday: int
    start_time: str
    end_time: str


async def set_weekly_availability(
    conn: Connection, doctor_id: UUID, hours: Sequence[Hours], who: Principal, *, days_ahead: int
) -> None:
    """Replace the doctor's week and re-plan the free slots. By that doctor or an admin.

    Raises DoctorNotFound, Forbidden, HoursOverlap.
    """
    await _own(conn, doctor_id, who)
    await conn.execute(FORGET_WEEK, doctor_id)
    columns = (
        [window.weekday for window in hours],
        [window.start_time for window in hours],
        [window.end_time for window in hours],
    )
    try:
        await conn.execute(SET_WEEK, doctor_id, *columns)
    except asyncpg.ExclusionViolationError as error:
        raise HoursOverlap from error
    await replan(conn, doctor_id, days_ahead=days_ahead)


async def block(
    conn: Connection,
    doctor_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    who: Principal,
    *,
    reason: str,
    days_ahead: int,
) -> UUID:
    """Take free time out of the schedule; the block's id. By that doctor or an admin.

    Raises DoctorNotFound, Forbidden, BookingsInTheWay (with their ids: bookings are never dropped silently).
    """
    await _own(conn, doctor_id, who)
    if hit := await conn.fetch(HIT, doctor_id, starts_at, ends_at):
        raise BookingsInTheWay(appointment_ids=[str(row["id"]) for row in hit])
    block_id = new_id()
    await conn.execute(BLOCK, block_id, doctor_id, starts_at, ends_at, reason, who.account_id)
    await replan(conn, doctor_id, days_ahead=days_ahead)
    return block_id


async def _own(conn: Connection, doctor_id: UUID, who: Principal) -> None:
    await lock_doctors(conn, [doctor_id])
    account_id = await conn.fetchval("SELECT account_id FROM doctors WHERE id = $1", doctor_id)
    if account_id is None:
        raise DoctorNotFound
    if not who.has("admin") and account_id != who.account_id:
        raise Forbidden
