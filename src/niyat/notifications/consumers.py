"""What events make us plan. Only intents are stored here; the delivery job asks again before anything leaves.

The dedupe key is the meaning of the event: a duplicate, or a replay months later, finds its intent already there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from niyat.events.catalogue import (
    APPOINTMENTS,
    PAYMENTS,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentNoShow,
    AppointmentRescheduled,
    PaymentReleased,
    ReceiptIssued,
    RefundCompleted,
    RefundEvent,
    RefundFailed,
    RefundInitiated,
    WaitlistOffered,
    WaitlistOfferLapsed,
)
from niyat.events.inbox import Consumer
from niyat.kernel.db import Connection
from niyat.notifications.commands.plan import plan, withdraw_promises
from niyat.notifications.commands.plan_reminders import forget_visit, plan_reminders
from niyat.notifications.domain import Intent, NotificationType
from niyat.notifications.offers import on_offer_lapsed, on_offered
from niyat.notifications.parts import Parts


async def on_confirmed(conn: Connection, event: AppointmentConfirmed) -> None:
    confirmation = Intent(
        type=NotificationType.APPOINTMENT_CONFIRMED,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        revision=event.revision,
        dedupe_key=f"confirmed:{event.appointment_id}:{event.revision}:EMAIL",
        payload={"amount": event.amount, "currency": event.currency},
        too_late_at=event.ends_at,
    )
    await plan(conn, [confirmation])
    await plan_reminders(conn, event)


async def on_rescheduled(conn: Connection, event: AppointmentRescheduled) -> None:
    """Who had not heard of the move before is told of both as one, from the time that they know."""
    withdrawn = await withdraw_promises(
        conn, event.appointment_id, because="appointment-moved", before_revision=event.revision
    )
    unheard = [row["payload"] for row in withdrawn if row["type"] == NotificationType.APPOINTMENT_RESCHEDULED]
    this = {"previous_starts_at": event.previous_starts_at.isoformat(), "amount": event.amount_owed_back}
    moved = Intent(
        type=NotificationType.APPOINTMENT_RESCHEDULED,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        revision=event.revision,
        dedupe_key=f"rescheduled:{event.appointment_id}:{event.revision}:EMAIL",
        payload={
            "previous_starts_at": [*unheard, this][0]["previous_starts_at"],
            "amount": sum(payload["amount"] for payload in [*unheard, this]),
            "currency": event.currency,
        },
        too_late_at=event.ends_at,
    )
    await plan(conn, [moved])
    await plan_reminders(conn, event)


async def on_cancelled(conn: Connection, event: AppointmentCancelled) -> None:
    """Somebody who let go of their own unpaid hold need not be told."""
    await withdraw_promises(conn, event.appointment_id, because="appointment-cancelled")
    await forget_visit(conn, event.appointment_id)
    if not event.was_confirmed and event.payment_id is None and event.cancelled_by == "patient":
        return
    cancelled = Intent(
        type=NotificationType.APPOINTMENT_CANCELLED,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        revision=event.revision,
        dedupe_key=f"cancelled:{event.appointment_id}:EMAIL",
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
        dedupe_key=f"no-show:{event.appointment_id}:EMAIL",
        payload={
            "amount": event.amount_owed_back,
            "currency": event.currency,
            "payment_id": None if event.payment_id is None else str(event.payment_id),
            "reason_code": event.reason_code,
        },
    )
    await plan(conn, [missed])


async def on_receipt_issued(conn: Connection, event: ReceiptIssued) -> None:
    """The receipt is what thanks for the money: it has a number by now."""
    receipt = _about_payment(event, NotificationType.PAYMENT_RECEIPT, "receipt")
    payload = {**receipt.payload, "receipt_number": event.receipt_number}
    await plan(conn, [replace(receipt, payload=payload)])


async def on_payment_released(conn: Connection, event: PaymentReleased) -> None:
    if event.gateway == "manual":  # refused at the desk, to the patient's face
        return
    await plan(conn, [_about_payment(event, NotificationType.PAYMENT_NOT_TAKEN, "not-taken")])


async def on_refund_initiated(conn: Connection, event: RefundInitiated) -> None:
    await plan(conn, [_about_refund(event, NotificationType.REFUND_INITIATED)])


async def on_refund_completed(conn: Connection, event: RefundCompleted) -> None:
    await plan(conn, [_about_refund(event, NotificationType.REFUND_COMPLETED)])


async def on_refund_failed(conn: Connection, event: RefundFailed) -> None:
    await plan(conn, [_about_refund(event, NotificationType.REFUND_FAILED)])


def _about_payment(event: ReceiptIssued | PaymentReleased, kind: NotificationType, meaning: str) -> Intent:
    return Intent(
        type=kind,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        dedupe_key=f"{meaning}:{event.payment_id}:EMAIL",
        payload={"amount": event.amount, "currency": event.currency, "payment_id": str(event.payment_id)},
    )


def _about_refund(event: RefundEvent, kind: NotificationType) -> Intent:
    meaning = kind.lower().replace("_", "-")
    return Intent(
        type=kind,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        dedupe_key=f"{meaning}:{event.refund_id}:EMAIL",
        payload={
            "amount": event.amount,
            "currency": event.currency,
            "payment_id": str(event.payment_id),
            "refund_id": str(event.refund_id),
            "gateway": "manual" if event.by_hand else event.gateway,
        },
    )


APPOINTMENT_EVENT_CONSUMER = Consumer(
    "notifications.appointments",
    (APPOINTMENTS,),
    {
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
        PaymentReleased: on_payment_released,
        RefundInitiated: on_refund_initiated,
        RefundCompleted: on_refund_completed,
        RefundFailed: on_refund_failed,
    },
)


def consumers(_: Parts) -> Sequence[Consumer]:
    """All it listens to."""
    return APPOINTMENT_EVENT_CONSUMER, PAYMENT_EVENT_CONSUMER
