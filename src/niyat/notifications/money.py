"""What events about money make us plan."""

from __future__ import annotations

from dataclasses import replace

from niyat.events.catalogue import (
    PaymentReleased,
    PayoutFailed,
    PayoutProcessed,
    PayoutReversed,
    ReceiptIssued,
    RefundCompleted,
    RefundEvent,
    RefundFailed,
    RefundInitiated,
)
from niyat.kernel.db import Connection
from niyat.notifications.commands.plan import plan
from niyat.notifications.commands.tell_staff import alert_administrators, tell_doctor_of_payout
from niyat.notifications.domain import Intent, NotificationType


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
    """The patient hears that the money is not lost, and staff that they must hand it back."""
    await plan(conn, [_about_refund(event, NotificationType.REFUND_FAILED)])
    reference = {"amount": event.amount, "currency": event.currency, "reference": str(event.refund_id)}
    await alert_administrators(conn, "refund-failed", f"refund-failed:{event.refund_id}", reference)


async def on_payout_processed(conn: Connection, event: PayoutProcessed) -> None:
    sent = {"amount": event.amount, "currency": event.currency, "reference": event.utr}
    await tell_doctor_of_payout(conn, event.doctor_id, event.payout_id, sent)


async def on_payout_failed(conn: Connection, event: PayoutFailed) -> None:
    await _alert_of_payout(conn, event, "payout-failed")


async def on_payout_reversed(conn: Connection, event: PayoutReversed) -> None:
    await _alert_of_payout(conn, event, "payout-reversed")


async def _alert_of_payout(conn: Connection, event: PayoutFailed | PayoutReversed, alert: str) -> None:
    """The doctor is owed it again; paying it out anew is staff's."""
    about = {"amount": event.amount, "currency": event.currency, "reference": str(event.payout_id)}
    await alert_administrators(conn, alert, f"{alert}:{event.payout_id}", about)


def _about_payment(event: ReceiptIssued | PaymentReleased, kind: NotificationType, meaning: str) -> Intent:
    return Intent(
        type=kind,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        meaning=f"{meaning}:{event.payment_id}",
        payload={"amount": event.amount, "currency": event.currency, "payment_id": str(event.payment_id)},
    )


def _about_refund(event: RefundEvent, kind: NotificationType) -> Intent:
    meaning = kind.lower().replace("_", "-")
    return Intent(
        type=kind,
        account_id=event.patient_id,
        appointment_id=event.appointment_id,
        meaning=f"{meaning}:{event.refund_id}",
        payload={
            "amount": event.amount,
            "currency": event.currency,
            "payment_id": str(event.payment_id),
            "refund_id": str(event.refund_id),
            "gateway": "manual" if event.by_hand else event.gateway,
        },
    )
