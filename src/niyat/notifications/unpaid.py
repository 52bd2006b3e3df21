"""What events make us tell of time that is kept but not paid for: only whoever does not pay at once hears of it."""

from __future__ import annotations

from datetime import timedelta

from niyat.events.catalogue import AppointmentReserved, PaymentFailed
from niyat.kernel.db import Connection
from niyat.notifications.commands.plan import plan
from niyat.notifications.domain import LAST_MINUTE, Intent, NotificationType

A_MOMENT = timedelta(minutes=1)
"""Whoever is paying at this moment, or tries again, is on our page and needs no message."""

LONG_AGO = timedelta(minutes=30)
"""A failed payment is no news any more; its hold has mostly lapsed by then, which `no_longer_so` knows."""


async def on_reserved(conn: Connection, event: AppointmentReserved) -> None:
    """Not told where the hold ends within moments. An offer to somebody in line has its own message."""
    due_at, too_late_at = event.occurred_at + A_MOMENT, event.hold_expires_at - LAST_MINUTE
    if due_at >= too_late_at:
        return
    kept = Intent(
        type=NotificationType.APPOINTMENT_RESERVED,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        meaning=f"reserved:{event.appointment_id}",
        payload={"amount": event.amount, "currency": event.currency},
        due_at=due_at,
        too_late_at=too_late_at,
    )
    await plan(conn, [kept])


async def on_payment_failed(conn: Connection, event: PaymentFailed) -> None:
    """Once per payment, however many attempts fail."""
    failed = Intent(
        type=NotificationType.PAYMENT_FAILED,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        meaning=f"payment-failed:{event.payment_id}",
        payload={"amount": event.amount, "currency": event.currency, "payment_id": str(event.payment_id)},
        due_at=event.occurred_at + A_MOMENT,
        too_late_at=event.occurred_at + LONG_AGO,
    )
    await plan(conn, [failed])
