"""What appointments does about payment events: confirm, release, and show the money."""

from __future__ import annotations

from collections.abc import Sequence

from niyat.appointments.commands.confirm import confirm_captured
from niyat.appointments.commands.project_payment import project_payment
from niyat.appointments.commands.release import release
from niyat.appointments.errors import AppointmentNotFound
from niyat.appointments.parts import Parts
from niyat.events.catalogue import (
    PAYMENTS,
    PaymentAuthorized,
    PaymentCompleted,
    PaymentFailed,
    PaymentInitiated,
    PaymentOverridden,
    PaymentReleased,
    RefundCompleted,
    RefundFailed,
    RefundInitiated,
)
from niyat.events.inbox import Consumer
from niyat.kernel.db import Connection
from niyat.kernel.log import get_logger
from niyat.kernel.money import Money

log = get_logger(__name__)


async def on_completed(conn: Connection, event: PaymentCompleted) -> None:
    """Confirm what the payment secured. Where it secured nothing, payments asks, and gives the money back."""
    try:
        found = await confirm_captured(
            conn,
            event.appointment_id,
            payment_id=event.payment_id,
            paid=Money(event.amount, event.currency),
        )
    except AppointmentNotFound:
        log.warning("a payment event names no appointment of ours", appointment_id=str(event.appointment_id))
        return
    if found.amount_owed_back:
        log.warning("a captured payment confirms nothing", outcome=found.outcome)
    await project_payment(conn, event)


async def on_released(conn: Connection, event: PaymentReleased) -> None:
    """Let go of the slot that the payment kept."""
    try:
        await release(conn, event.appointment_id, payment_id=event.payment_id, securing=event.securing)
    except AppointmentNotFound:
        log.warning("a payment event names no appointment of ours", appointment_id=str(event.appointment_id))
        return
    await project_payment(conn, event)


def consumers(_: Parts) -> Sequence[Consumer]:
    """All it listens to: the money."""
    return (
        Consumer(
            name="appointments",
            topics=(PAYMENTS,),
            handlers={
                PaymentCompleted: on_completed,
                PaymentReleased: on_released,
                PaymentInitiated: project_payment,
                PaymentAuthorized: project_payment,
                PaymentFailed: project_payment,
                PaymentOverridden: project_payment,
                RefundInitiated: project_payment,
                RefundCompleted: project_payment,
                RefundFailed: project_payment,
            },
        ),
    )
