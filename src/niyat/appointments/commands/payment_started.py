"""A payment for a held visit begins: it now waits for money, and the price is quoted."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from niyat.appointments.domain import Actor, Appointment, AppointmentStatus, payment_refusal
from niyat.appointments.errors import AppointmentNotFound
from niyat.appointments.record import locked, save
from niyat.kernel.db import Connection

S = AppointmentStatus


async def payment_started(conn: Connection, appointment_id: UUID, *, account_id: UUID) -> Appointment:
    """The appointment in `pending-payment`; the same again when repeated while the hold lasts.

    Raises AppointmentNotFound (not there, or not this account's), HoldLapsed, AppointmentCancelled,
    AlreadyPaid, NoPaymentNeeded.
    """
    before = await locked(conn, appointment_id)
    if before.patient_id != account_id:
        raise AppointmentNotFound
    if refusal := payment_refusal(before):
        raise refusal
    if before.status is S.PENDING_PAYMENT:
        return before
    after = replace(before, status=S.PENDING_PAYMENT)
    await save(conn, before, after, Actor("patient", account_id), "payment-started")
    return after
