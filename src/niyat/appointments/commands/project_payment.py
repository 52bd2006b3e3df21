"""Keeps `appointment.payment` up with the payment events, with the whole history for whoever asks."""

from __future__ import annotations

from dataclasses import replace

from niyat.appointments.domain import PAYMENTS
from niyat.appointments.errors import AppointmentNotFound
from niyat.appointments.projection import with_event
from niyat.appointments.record import locked, save
from niyat.events.catalogue import AppointmentPaymentUpdated, PaymentEvent
from niyat.kernel.db import Connection
from niyat.kernel.log import get_logger

log = get_logger(__name__)


async def project_payment(conn: Connection, event: PaymentEvent) -> None:
    """Add the event to the appointment's payment; nothing happens when it is known there."""
    try:
        before = await locked(conn, event.appointment_id)
    except AppointmentNotFound:
        log.warning("a payment event names no appointment of ours", appointment_id=str(event.appointment_id))
        return
    payment = with_event(before.payment, event)
    if payment == before.payment:
        return
    after = replace(before, payment=payment)
    updated = AppointmentPaymentUpdated(
        **after.facts, payment_id=payment["payment_id"], payment_status=payment["status"]
    )
    await save(conn, before, after, PAYMENTS, "payment-updated", updated)
