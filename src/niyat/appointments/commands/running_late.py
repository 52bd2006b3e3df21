"""The doctor is late: a time, not a status. The visit keeps its own time, by which all rules go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.domain import refuse_unless_confirmed
from niyat.appointments.record import locked, save
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection


async def running_late(
    conn: Connection, appointment_id: UUID, who: Principal, *, minutes: int, reason_code: str | None
) -> None:
    """The doctor expects to begin `minutes` after the visit's time; 0 takes it back. By its doctor or an admin.

    Raises AppointmentNotFound, Forbidden, AppointmentCancelled, HoldLapsed (expired), IllegalMove, ReasonRequired.
    """
    before = await locked(conn, appointment_id)
    by = before.staff(who)
    refuse_unless_confirmed(before)
    expected_at = before.starts_at + timedelta(minutes=minutes) if minutes else None
    if expected_at == before.expected_at:
        return
    reason = await said_why(conn, by, "running-late", appointment_id, reason_code)
    await save(conn, before, replace(before, expected_at=expected_at), by, reason)
