"""Cancel a visit. It wins over a payment on its way; what goes back is decided here, once."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from niyat.appointments.domain import LIVE, AppointmentStatus, has_started, owed_back
from niyat.appointments.errors import (
    AlreadyStarted,
    AppointmentCancelled,
    HoldLapsed,
    IllegalMove,
    ReasonRequired,
)
from niyat.appointments.record import Appointment, locked, save
from niyat.events.catalogue import AppointmentCancelled as CancelledEvent
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection
from niyat.kernel.money import Money

S = AppointmentStatus


async def cancel(conn: Connection, appointment_id: UUID, who: Principal, *, reason_code: str | None) -> None:
    """Cancel it, in any live state, as its patient, its doctor or an admin.

    Raises AppointmentNotFound, AppointmentCancelled, HoldLapsed (expired), AlreadyStarted, IllegalMove,
    ReasonRequired.
    """
    before = await locked(conn, appointment_id)
    by = before.actor(who)
    if reason_code is None and by.role == "admin":
        raise ReasonRequired
    reason = reason_code or f"{by.role}-request"
    owed = what_goes_back(before, by.role)
    after = replace(
        before,
        status=S.CANCELLED,
        cancelled_by=by.role,
        cancel_reason_code=reason,
        amount_owed_back=owed.amount,
    )
    event = CancelledEvent(
        **after.facts,
        cancelled_by=by.role,
        reason_code=reason,
        amount_owed_back=owed.amount,
        currency=owed.currency,
        payment_id=before.secured_by,
        was_confirmed=before.status is S.CONFIRMED,
    )
    await save(conn, before, after, by, reason, event)


def what_goes_back(appointment: Appointment, role: str) -> Money:
    """What `role` would give back to the patient by cancelling now. Raises as `cancel` does."""
    if appointment.status is S.CANCELLED:
        raise AppointmentCancelled
    if appointment.status is S.EXPIRED:
        raise HoldLapsed
    if appointment.status not in LIVE:
        raise IllegalMove
    by_patient = role == "patient"
    confirmed = appointment.status is S.CONFIRMED
    if by_patient and confirmed and has_started(appointment.starts_at, appointment.now):
        raise AlreadyStarted
    return owed_back(
        appointment.price,
        appointment.refund_policy,
        appointment.status,
        ahead=appointment.ahead,
        by_patient=by_patient,
    )
