"""Confirm a visit: a free one when its patient says so, a paid one when what secured it is captured."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.domain import (
    BOOKED,
    PAYMENTS,
    Actor,
    Appointment,
    AppointmentStatus,
    Captured,
    CapturedOutcome,
    captured,
)
from niyat.appointments.errors import AppointmentCancelled, HoldLapsed, IllegalMove, PaymentRequired
from niyat.appointments.record import locked, save
from niyat.events.catalogue import AppointmentConfirmed
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection
from niyat.kernel.money import Money

S = AppointmentStatus


async def confirm_free(
    conn: Connection, appointment_id: UUID, who: Principal, *, reason_code: str | None = None
) -> None:
    """Confirm a free visit that is on hold; nothing happens when it is confirmed already. An admin says why.

    Raises AppointmentNotFound, PaymentRequired, HoldLapsed, AppointmentCancelled, IllegalMove, ReasonRequired.
    """
    before = await locked(conn, appointment_id)
    by = before.actor(who)
    if before.status is S.CONFIRMED:
        return
    if before.status is S.CANCELLED:
        raise AppointmentCancelled
    if before.status in BOOKED:
        raise IllegalMove
    if before.status is S.EXPIRED or not before.hold_is_on:
        raise HoldLapsed
    if before.price_amount:
        raise PaymentRequired
    await said_why(conn, by, "confirm-appointment", appointment_id, reason_code)
    await _confirm(conn, before, by, "free-visit")


async def confirm_captured(
    conn: Connection, appointment_id: UUID, *, payment_id: UUID, paid: Money
) -> CapturedOutcome:
    """Confirm the visit if `payment_id` secured it; else say how much of the money goes back.

    It never secures: a payment that comes here without having done so may be on its way back already.
    Raises AppointmentNotFound.
    """
    before = await locked(conn, appointment_id)
    outcome = captured(before, payment_id, paid)
    if outcome.outcome is Captured.CONFIRMED and before.status is S.PENDING_PAYMENT:
        await _confirm(conn, before, PAYMENTS, "payment-captured")
    return outcome


async def _confirm(conn: Connection, before: Appointment, by: Actor, reason: str) -> None:
    after = replace(before, status=S.CONFIRMED)
    event = AppointmentConfirmed(
        **after.facts,
        doctor_account_id=after.doctor_account_id,
        payment_id=after.secured_by,
        amount=after.price_amount,
        currency=after.currency,
    )
    await save(conn, before, after, by, reason, event)
