"""Refunds: pending → processed or failed; a processed one may still fail later.

https://razorpay.com/docs/api/refunds/create-normal, …/create-instant and …/normal-refunds-idempotent
"""

from __future__ import annotations

import json

from niyat.sandbox.razorpay import balance, fields, ledger, payments, refund_keys, refund_speed, webhooks
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import (
    Notes,
    Payment,
    Refund,
    count_refunded,
    digits,
    new_id,
)
from niyat.sandbox.razorpay.errors import Refusal, unknown_id

FIELDS = frozenset({"amount", "speed", "notes", "receipt"})


def create(desk: Desk, payment_id: str, body: fields.Body, idempotency_key: str | None) -> Refund:
    """POST /payments/{id}/refund. The same key with the same body gives the same refund again."""
    payment = payments.fetch(desk, payment_id)
    fingerprint = json.dumps([payment_id, body], sort_keys=True)
    if idempotency_key is not None:
        earlier = refund_keys.earlier(desk, idempotency_key, fingerprint)
        if earlier is not None:
            return earlier
    speed = body.get("speed", "normal")
    if speed not in ("normal", "optimum"):
        raise Refusal("The selected speed is invalid.", field="speed")
    receipt, notes = fields.receipt(body.get("receipt")), fields.notes(body.get("notes"))
    if not payment["captured"]:
        raise Refusal("The payment status should be captured for action to be taken", validation=False)
    instantly = speed == "optimum" and desk.merchant.instant_refunds == "possible"
    amount = _refundable(payment, body.get("amount"))
    refund_speed.require_young(desk, payment, instantly=instantly)
    refund = _new(desk, payment, amount, notes, receipt)
    refund["speed_requested"] = "optimum" if speed == "optimum" else "normal"
    refund["speed_processed"] = "instant" if instantly else "normal"
    fee, tax = refund_speed.instant_fee(amount) if instantly else (0, 0)
    balance.require(desk, amount + fee)
    _open(desk, payment, refund, idempotency_key, fingerprint)
    balance.refunded(desk, refund["id"], amount, fee, tax)
    if speed == "optimum" and not instantly:
        _settle(desk, refund, "refund.speed_changed")
    if desk.merchant.refund_mode == "auto":
        process(desk, refund)
    return refund


def give_back_uncaptured(desk: Desk, payment: Payment) -> Refund:
    """What Razorpay itself does with an authorized payment at its window's end, or with a late second one."""
    if payment["status"] != "authorized":
        raise Refusal("Only an authorized payment is refunded automatically", validation=False)
    refund = _new(desk, payment, payment["amount"], [], None)
    row = desk.books.row("SELECT refund_speed FROM orders WHERE id = ?", payment["order_id"])
    if row is not None and row["refund_speed"] == "optimum":
        refund["speed_requested"] = "optimum"
    _open(desk, payment, refund, None, None)
    process(desk, refund)
    return refund


def slow_down(desk: Desk, refund: Refund) -> None:
    """An instant refund turns out impossible: it goes on at the normal speed, and its fee comes back.

    https://razorpay.com/docs/payments/refunds/instant
    """
    if refund["status"] != "pending" or refund["speed_processed"] != "instant":
        raise Refusal("Only a pending instant refund can change its speed", validation=False)
    refund["speed_processed"] = "normal"
    refund_speed.return_fee(desk, refund)
    _settle(desk, refund, "refund.speed_changed")


def process(desk: Desk, refund: Refund) -> None:
    """The money is on its way; the bank's reference (`arn`) may come later still."""
    if refund["status"] != "pending":
        raise Refusal("Only a pending refund can be processed", validation=False)
    refund["status"] = "processed"
    reference = "rrn" if refund["speed_processed"] == "instant" else "arn"
    refund["acquirer_data"] = {reference: digits(14)}
    _settle(desk, refund, "refund.processed")


def fail(desk: Desk, refund: Refund) -> None:
    """The bank refused, now or after it was called processed: the payment counts as not refunded again."""
    if refund["status"] == "failed":
        raise Refusal("The refund has failed already", validation=False)
    refund["status"] = "failed"
    payment = payments.fetch(desk, refund["payment_id"])
    count_refunded(payment, -refund["amount"])
    ledger.save_payment(desk.books, payment)
    if payment["captured"]:
        balance.adjusted(desk, refund["amount"], f"Reversal of failed refund {refund['id']}")
        if refund["speed_processed"] == "instant":
            refund_speed.return_fee(desk, refund)
    _settle(desk, refund, "refund.failed")


def fetch(desk: Desk, refund_id: str) -> Refund:
    refund = ledger.find_refund(desk.books, desk.key_id, refund_id)
    if refund is None:
        raise unknown_id(refund_id)
    return refund


def edit(desk: Desk, refund_id: str, body: fields.Body) -> Refund:
    """Replace the notes; nothing else of a refund can change."""
    refund = fetch(desk, refund_id)
    if "notes" not in body:
        raise Refusal("The notes field is required", field="notes")
    refund["notes"] = fields.notes(body["notes"])
    ledger.save_refund(desk.books, refund)
    return refund


def _refundable(payment: Payment, asked: object) -> int:
    """The amount to give back: what is asked, or all that is left."""
    left = payment["amount"] - payment["amount_refunded"]
    if left <= 0:
        raise Refusal("The payment has been fully refunded already", validation=False)
    amount = left if asked is None else fields.amount(asked)
    if amount > left:
        raise Refusal(
            "The refund amount provided is greater than amount captured", field="amount", validation=False
        )
    return amount


def _new(desk: Desk, payment: Payment, amount: int, notes: Notes, receipt: str | None) -> Refund:
    return Refund(
        id=new_id("rfnd"),
        entity="refund",
        amount=amount,
        currency=payment["currency"],
        payment_id=payment["id"],
        notes=notes,
        receipt=receipt,
        acquirer_data={"arn": None},
        created_at=desk.at,
        batch_id=None,
        status="pending",
        speed_processed="normal",
        speed_requested="normal",
    )


def _open(
    desk: Desk, payment: Payment, refund: Refund, idempotency_key: str | None, fingerprint: str | None
) -> None:
    count_refunded(payment, refund["amount"])
    ledger.save_payment(desk.books, payment)
    desk.books.run(
        "INSERT INTO refunds (id, key_id, payment_id, created_at, idempotency_key, idempotency_body, doc)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        refund["id"],
        desk.key_id,
        payment["id"],
        desk.at,
        idempotency_key,
        fingerprint if idempotency_key is not None else None,
        json.dumps(refund),
    )
    _settle(desk, refund, "refund.created")


def _settle(desk: Desk, refund: Refund, event: str) -> None:
    ledger.save_refund(desk.books, refund)
    desk.note(event, refund["id"], refund["amount"])
    payment = payments.fetch(desk, refund["payment_id"])
    webhooks.publish(desk, event, refund["id"], {"refund": refund, "payment": payment})
