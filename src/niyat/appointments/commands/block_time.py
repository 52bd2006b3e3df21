"""Time that a doctor takes out of the schedule. The free slots within it go at once, in one transaction, and
each booking within it is moved or cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.commands.plan import locked_schedule, replan
from niyat.appointments.commands.settle import Outcome, settle
from niyat.appointments.hit import Hit
from niyat.appointments.hits import within
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection

BLOCK = """
INSERT INTO blocked_slots (id, doctor_id, starts_at, ends_at, reason, created_by) VALUES ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """From when to when the doctor is not to be had."""

    id: UUID
    doctor_id: UUID
    starts_at: datetime
    ends_at: datetime


async def block_time(
    conn: Connection,
    who: Principal,
    block: Block,
    outcomes: Sequence[Outcome] = (),
    *,
    reason: str | None,
    days_ahead: int,
) -> list[Hit]:
    """Take the time out of the schedule; what became of the bookings. By that doctor, or an admin, who says why.

    Raises DoctorNotFound, Forbidden, ReasonRequired, BookingsInTheWay unless each booking has its outcome,
    NotInTheWay, and what `reschedule` raises.
    """
    by = await locked_schedule(conn, block.doctor_id, who)
    await said_why(conn, by, "block-time", block.doctor_id, reason)
    await conn.execute(
        BLOCK, block.id, block.doctor_id, block.starts_at, block.ends_at, reason or "", who.account_id
    )
    await replan(conn, [block.doctor_id], days_ahead=days_ahead)
    hits = await within(conn, block.doctor_id, block.starts_at, block.ends_at)
    return await settle(conn, who, hits, outcomes, may_stay=False)
