"""The patient is there: a time, not a status."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.domain import refuse_check_in
from niyat.appointments.record import locked, save
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection


async def check_in(
    conn: Connection, appointment_id: UUID, who: Principal, *, opens: timedelta, reason_code: str | None
) -> None:
    """Note that the patient is there; the first time counts. By staff, or by the patient from `opens` before it.

    Raises AppointmentNotFound, AppointmentCancelled, HoldLapsed (expired), IllegalMove, CheckInNotOpen,
    ReasonRequired.
    """
    before = await locked(conn, appointment_id)
    by = before.actor(who)
    if before.checked_in_at is not None:
        return
    refuse_check_in(before, by_patient=by.role == "patient", opens=opens)
    reason = await said_why(conn, by, "check-in", appointment_id, reason_code)
    await save(conn, before, replace(before, checked_in_at=before.now), by, reason)
