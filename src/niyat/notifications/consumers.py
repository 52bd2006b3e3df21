"""What events make us plan. Only intents are stored here; the delivery job asks again before anything leaves.

An intent has the meaning of its event: a duplicate, or a replay months later, finds it already there.
"""

from __future__ import annotations

from collections.abc import Sequence

from niyat.events.catalogue import (
    APPOINTMENTS,
    PAYMENTS,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentNoShow,
    AppointmentRescheduled,
    AppointmentReserved,
    PaymentFailed,
    PaymentReleased,
    PayoutFailed,
    PayoutProcessed,
    PayoutReversed,
    ReceiptIssued,
    RefundCompleted,
    RefundFailed,
    RefundInitiated,
    WaitlistOffered,
    WaitlistOfferLapsed,
)
from niyat.events.inbox import Consumer
from niyat.kernel.db import Connection
from niyat.notifications.commands.plan import plan, withdraw_promises
from niyat.notifications.commands.plan_reminders import forget_visit, plan_reminders
from niyat.notifications.doctors import plan_daily_list, tell_of_change
from niyat.notifications.domain import Intent, NotificationType
from niyat.notifications.money import (
    on_payment_released,
    on_payout_failed,
    on_payout_processed,
    on_payout_reversed,
    on_receipt_issued,
    on_refund_completed,
    on_refund_failed,
    on_refund_initiated,
)
from niyat.notifications.offers import on_offer_lapsed, on_offered
from niyat.notifications.parts import Parts
from niyat.notifications.unpaid import on_payment_failed, on_reserved


async def on_confirmed(conn: Connection, event: AppointmentConfirmed) -> None:
    confirmation = Intent(
        type=NotificationType.APPOINTMENT_CONFIRMED,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        revision=event.revision,
        meaning=f"confirmed:{event.appointment_id}:{event.revision}",
        payload={"amount": event.amount, "currency": event.currency},
        too_late_at=event.ends_at,
    )
    await plan(conn, [confirmation])
    await plan_reminders(conn, event)
    await plan_daily_list(conn, event)


async def on_rescheduled(conn: Connection, event: AppointmentRescheduled) -> None:
    """Who had not heard of the move before is told of both as one: `unheard` reads it when this leaves."""
    await withdraw_promises(
        conn, event.appointment_id, because="appointment-moved", before_revision=event.revision
    )
    moved = Intent(
        type=NotificationType.APPOINTMENT_RESCHEDULED,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        revision=event.revision,
        meaning=f"rescheduled:{event.appointment_id}:{event.revision}",
        payload={
            "previous_starts_at": event.previous_starts_at.isoformat(),
            "amount": event.amount_owed_back,
            "currency": event.currency,
        },
        too_late_at=event.ends_at,
    )
    await plan(conn, [moved])
    await plan_reminders(conn, event)
    await plan_daily_list(conn, event)
    await tell_of_change(conn, event)


async def on_cancelled(conn: Connection, event: AppointmentCancelled) -> None:
    """Somebody who let go of their own unpaid hold need not be told, and no doctor had it on the list."""
    await withdraw_promises(conn, event.appointment_id, because="appointment-cancelled")
    await forget_visit(conn, event.appointment_id)
    if event.was_confirmed:
        await tell_of_change(conn, event)
    if not event.was_confirmed and event.payment_id is None and event.cancelled_by == "patient":
        return
    cancelled = Intent(
        type=NotificationType.APPOINTMENT_CANCELLED,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        revision=event.revision,
        meaning=f"cancelled:{event.appointment_id}",
        payload={
            "amount": event.amount_owed_back if event.payment_id is not None else 0,
            "currency": event.currency,
            "payment_id": None if event.payment_id is None else str(event.payment_id),
            "cancelled_by": event.cancelled_by,
            "was_confirmed": event.was_confirmed,
        },
    )
    await plan(conn, [cancelled])


async def on_no_show(conn: Connection, event: AppointmentNoShow) -> None:
    """The patient's own no-show is not news to them; the doctor's is, and that their money goes back."""
    if event.party == "patient":
        return
    missed = Intent(
        type=NotificationType.APPOINTMENT_NO_SHOW,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        revision=event.revision,
        meaning=f"no-show:{event.appointment_id}",
        payload={
            "amount": event.amount_owed_back,
            "currency": event.currency,
            "payment_id": None if event.payment_id is None else str(event.payment_id),
            "reason_code": event.reason_code,
        },
    )
    await plan(conn, [missed])


APPOINTMENT_EVENT_CONSUMER = Consumer(
    "notifications.appointments",
    (APPOINTMENTS,),
    {
        AppointmentReserved: on_reserved,
        AppointmentConfirmed: on_confirmed,
        AppointmentRescheduled: on_rescheduled,
        AppointmentCancelled: on_cancelled,
        AppointmentNoShow: on_no_show,
        WaitlistOffered: on_offered,
        WaitlistOfferLapsed: on_offer_lapsed,
    },
)

PAYMENT_EVENT_CONSUMER = Consumer(
    "notifications.payments",
    (PAYMENTS,),
    {
        ReceiptIssued: on_receipt_issued,
        PaymentFailed: on_payment_failed,
        PaymentReleased: on_payment_released,
        RefundInitiated: on_refund_initiated,
        RefundCompleted: on_refund_completed,
        RefundFailed: on_refund_failed,
        PayoutProcessed: on_payout_processed,
        PayoutFailed: on_payout_failed,
        PayoutReversed: on_payout_reversed,
    },
)


def consumers(_: Parts) -> Sequence[Consumer]:
    """All it listens to."""
    return APPOINTMENT_EVENT_CONSUMER, PAYMENT_EVENT_CONSUMER
