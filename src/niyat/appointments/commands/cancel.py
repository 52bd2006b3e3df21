"""Cancel a visit. It wins over a payment on its way; what goes back is decided here, once."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.domain import AppointmentStatus, what_goes_back
from niyat.appointments.record import locked, save
from niyat.events.catalogue import AppointmentCancelled
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection

S = AppointmentStatus


async def cancel(conn: Connection, appointment_id: UUID, who: Principal, *, reason_code: str | None) -> None:
    """Cancel it, in any live state, as its patient, its doctor or an admin, who says why.

    Raises AppointmentNotFound, AppointmentCancelled, HoldLapsed (expired), AlreadyStarted, IllegalMove,
    ReasonRequired.
    """
    before = await locked(conn, appointment_id)
    by = before.actor(who)
    owed = what_goes_back(before, by.role)
    reason = await said_why(conn, by, "cancel-appointment", appointment_id, reason_code)
    after = replace(
        before,
        status=S.CANCELLED,
        cancelled_by=by.role,
        cancel_reason_code=reason,
        amount_owed_back=owed.amount,
    )
    event = AppointmentCancelled(
        **after.facts,
        doctor_account_id=after.doctor_account_id,
        cancelled_by=by.role,
        reason_code=reason,
        amount=before.price_amount,
        amount_owed_back=owed.amount,
        currency=owed.currency,
        payment_id=before.secured_by,
        was_confirmed=before.status is S.CONFIRMED,
    )
    await save(conn, before, after, by, reason, event)
