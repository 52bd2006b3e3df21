"""Payments: created → authorized → captured → refunded, or failed, which a late bank may still undo.

https://razorpay.com/docs/payments/payments/ and …/late-authorization
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from niyat.sandbox.razorpay import balance, fields, ledger, methods, orders, webhooks
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import (
    Method,
    Notes,
    Order,
    Page,
    Payment,
    collection,
    fee_and_tax,
    new_id,
)
from niyat.sandbox.razorpay.errors import Refusal, unknown_id

CAPTURE_FIELDS = frozenset({"amount", "currency"})
_SECURED = ("authorized", "captured")


@dataclass(frozen=True)
class Attempt:
    """What a patient enters in the checkout. Amount and currency differ from the order's only by force."""

    method: Method
    amount: int | None = None
    currency: str | None = None
    email: str = "asha.rao@example.com"
    contact: str = "+919000090000"
    description: str = "Visit 12/3 – डॉ. Mehta’s clinic, “first visit” ₹"
    notes: Notes | None = None
    instrument: str | None = None
    """The card number, UPI id, bank or wallet; None for one of the sandbox's own."""
    force: bool = False


@dataclass(frozen=True)
class Failure:
    """Why a payment failed, in the `error_…` fields."""

    code: str = "BAD_REQUEST_ERROR"
    description: str = "Payment failed"
    source: str = "bank"
    step: str = "payment_authorization"
    reason: str = "payment_failed"


def start(desk: Desk, order: Order, attempt: Attempt) -> Payment:
    """A new attempt on an order; refused when the order is paid or another payment holds it."""
    if not attempt.force and is_spoken_for(desk, order):
        raise Refusal("Payment already done for this order.", validation=False)
    payment = Payment(
        id=new_id("pay"),
        entity="payment",
        amount=attempt.amount or order["amount"],
        currency=attempt.currency or order["currency"],
        status="created",
        order_id=order["id"],
        invoice_id=None,
        international=False,
        method=attempt.method,
        amount_refunded=0,
        refund_status=None,
        captured=False,
        description=attempt.description,
        card_id=None,
        bank=None,
        wallet=None,
        vpa=None,
        email=attempt.email,
        contact=attempt.contact,
        notes=order["notes"] if attempt.notes is None else attempt.notes,
        fee=None,
        tax=None,
        error_code=None,
        error_description=None,
        error_source=None,
        error_step=None,
        error_reason=None,
        acquirer_data={},
        created_at=desk.at,
    )
    methods.describe(payment, attempt.method, attempt.instrument)
    desk.books.run(
        "INSERT INTO payments (id, key_id, order_id, created_at, doc) VALUES (?, ?, ?, ?, ?)",
        payment["id"],
        desk.key_id,
        order["id"],
        desk.at,
        json.dumps(payment),
    )
    desk.note("payment.created", payment["id"], payment["amount"])
    order["attempts"] += 1
    if order["status"] == "created":
        order["status"] = "attempted"
    ledger.save_order(desk.books, order)
    return payment


def is_spoken_for(desk: Desk, order: Order, apart_from: str | None = None) -> bool:
    """Whether the order is paid, or another payment of it is authorized."""
    return order["status"] == "paid" or any(
        other["status"] in _SECURED and other["id"] != apart_from
        for other in ledger.payments_of_order(desk.books, order["id"])
    )


def authorize(desk: Desk, payment: Payment) -> None:
    """The bank says yes, at once or late: created or failed → authorized."""
    if payment["status"] not in ("created", "failed"):
        raise Refusal("Only a created or failed payment can be authorized", validation=False)
    payment["status"] = "authorized"
    payment["acquirer_data"] = methods.answer_of_bank(payment["method"])
    payment["error_code"] = payment["error_description"] = None
    payment["error_source"] = payment["error_step"] = payment["error_reason"] = None
    _settle(desk, payment, "payment.authorized")


def fail(desk: Desk, payment: Payment, failure: Failure) -> None:
    if payment["status"] != "created":
        raise Refusal("Only a created payment can fail", validation=False)
    payment["status"] = "failed"
    payment["error_code"] = failure.code
    payment["error_description"] = failure.description
    payment["error_source"] = failure.source
    payment["error_step"] = failure.step
    payment["error_reason"] = failure.reason
    _settle(desk, payment, "payment.failed")


def capture(desk: Desk, payment: Payment) -> None:
    """Take the authorized money, and mark the order paid."""
    if payment["status"] == "captured" or payment["captured"]:
        raise Refusal("This payment has already been captured", validation=False)
    if payment["status"] != "authorized":
        raise Refusal(
            "Only payments which have been authorized and not yet captured can be captured", validation=False
        )
    payment["status"] = "captured"
    payment["captured"] = True
    fee, tax = fee_and_tax(payment["amount"])
    payment["fee"], payment["tax"] = fee, tax
    balance.captured(desk, payment["id"], payment["amount"], fee, tax)
    order = orders.fetch(desk, payment["order_id"])
    already_paid = order["status"] == "paid"
    order["status"] = "paid"
    order["amount_paid"], order["amount_due"] = order["amount"], 0
    ledger.save_order(desk.books, order)
    _settle(desk, payment, "payment.captured")
    if not already_paid:
        webhooks.publish(desk, "order.paid", order["id"], {"payment": payment, "order": order})


def captures_itself(desk: Desk, payment: Payment) -> bool:
    """Whether the order asks for automatic capture and the bank answered in time for it."""
    row = desk.books.row(
        "SELECT capture, automatic_expiry_minutes FROM orders WHERE id = ?", payment["order_id"]
    )
    if row is None or row["capture"] != "automatic":
        return False
    return bool(desk.now <= payment["created_at"] + row["automatic_expiry_minutes"] * 60)


def capture_by_api(desk: Desk, payment_id: str, body: fields.Body) -> Payment:
    """POST /payments/{id}/capture: amount and currency must equal what was authorized."""
    payment = fetch(desk, payment_id)
    amount = fields.amount(body.get("amount"))
    currency = fields.currency(body.get("currency", "INR"))
    if payment["status"] == "authorized":
        if amount != payment["amount"]:
            raise Refusal(
                "Capture amount must be equal to the amount authorized", field="amount", validation=False
            )
        if currency != payment["currency"]:
            raise Refusal("The currency provided does not match the payment's", field="currency")
        if orders.fetch(desk, payment["order_id"])["status"] == "paid":
            raise Refusal("Payment already done for this order.", validation=False)
    capture(desk, payment)
    return payment


def edit(desk: Desk, payment_id: str, body: fields.Body) -> Payment:
    """Replace the notes; nothing else of a payment can change."""
    payment = fetch(desk, payment_id)
    payment["notes"] = fields.notes(body.get("notes"))
    ledger.save_payment(desk.books, payment)
    return payment


def card(desk: Desk, payment_id: str) -> Mapping[str, object]:
    """The card that paid; https://razorpay.com/docs/api/payments/fetch-card-details-payment."""
    found = fetch(desk, payment_id).get("card")
    if found is None:
        raise unknown_id()
    return {**found, "token_iin": None}


def fetch(desk: Desk, payment_id: str) -> Payment:
    payment = ledger.find_payment(desk.books, desk.key_id, payment_id)
    if payment is None:
        raise unknown_id()
    return payment


def list_all(desk: Desk, query: Mapping[str, object]) -> Page:
    """Newest first; filters `from` and `to` on created_at, both inclusive."""
    count, skip = fields.page_of(query)
    rows = desk.books.rows(
        "SELECT doc FROM payments WHERE key_id = ? AND created_at BETWEEN ? AND ?"
        " ORDER BY seq DESC LIMIT ? OFFSET ?",
        desk.key_id,
        *fields.span_of(query),
        count,
        skip,
    )
    return collection([json.loads(row["doc"]) for row in rows])


def _settle(desk: Desk, payment: Payment, event: str) -> None:
    ledger.save_payment(desk.books, payment)
    desk.note(event, payment["id"], payment["amount"])
    webhooks.publish(desk, event, payment["id"], {"payment": payment})
