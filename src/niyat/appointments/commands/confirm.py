"""Confirm a visit: a free one when its patient says so, a paid one when what secured it is captured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from niyat.appointments.domain import AppointmentStatus
from niyat.appointments.errors import AppointmentCancelled, HoldLapsed, IllegalMove, PaymentRequired
from niyat.appointments.record import Actor, Appointment, locked, save
from niyat.events.catalogue import AppointmentConfirmed
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection
from niyat.kernel.money import Money

S = AppointmentStatus
STANDS = (S.CONFIRMED, S.COMPLETED, S.NO_SHOW)


class Captured(StrEnum):
    """What a captured payment finds."""

    CONFIRMED = "confirmed"
    GONE = "gone"
    CANCELLED = "cancelled"
    ALREADY_PAID = "already-paid"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class CapturedOutcome:
    """And how much of what was captured has to go back."""

    outcome: Captured
    amount_owed_back: int


async def confirm_free(conn: Connection, appointment_id: UUID, who: Principal) -> None:
    """Confirm a free visit that is on hold; nothing happens when it is confirmed already.

    Raises AppointmentNotFound, PaymentRequired, HoldLapsed, AppointmentCancelled, IllegalMove.
    """
    before = await locked(conn, appointment_id)
    by = before.actor(who)
    if before.status is S.CONFIRMED:
        return
    if before.status is S.CANCELLED:
        raise AppointmentCancelled
    if before.status in STANDS:
        raise IllegalMove
    if before.status is S.EXPIRED or not before.hold_is_on:
        raise HoldLapsed
    if before.price_amount:
        raise PaymentRequired
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
        await _confirm(conn, before, Actor("service"), "payment-captured")
    return outcome


def captured(appointment: Appointment, payment_id: UUID, paid: Money) -> CapturedOutcome:
    """What the captured payment finds, and what of it is owed back."""
    everything = paid.amount
    if appointment.status is S.CANCELLED:
        paid_for_it = appointment.secured_by == payment_id and paid == appointment.price
        owed = appointment.amount_owed_back if paid_for_it else everything
        return CapturedOutcome(Captured.CANCELLED, owed or 0)
    if paid != appointment.price:
        return CapturedOutcome(Captured.MISMATCH, everything)
    if appointment.secured_by == payment_id:
        return CapturedOutcome(Captured.CONFIRMED, 0)
    if appointment.secured_by is not None:
        return CapturedOutcome(Captured.ALREADY_PAID, everything)
    return CapturedOutcome(Captured.GONE, everything)


async def _confirm(conn: Connection, before: Appointment, by: Actor, reason: str) -> None:
    after = replace(before, status=S.CONFIRMED)
    event = AppointmentConfirmed(
        **after.facts, payment_id=after.secured_by, amount=after.price_amount, currency=after.currency
    )
    await save(conn, before, after, by, reason, event)
