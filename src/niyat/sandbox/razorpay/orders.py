"""Orders: created → attempted → paid, and never back; no order expires or can be cancelled.

https://razorpay.com/docs/api/orders/create
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from niyat.sandbox.razorpay import fields, ledger
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Order, Page, collection, new_id
from niyat.sandbox.razorpay.errors import Refusal, unknown_id

FIELDS = frozenset({"amount", "currency", "receipt", "notes", "payment", "partial_payment", "unique_receipt"})
_PAYMENT_FIELDS = frozenset({"capture", "capture_options"})
_OPTION_FIELDS = frozenset({"automatic_expiry_period", "manual_expiry_period", "refund_speed"})
_LEAST_EXPIRY_MINUTES = 12
_MOST_EXPIRY_MINUTES = 7200


def create(desk: Desk, body: fields.Body) -> Order:
    order = Order(
        id=new_id("order"),
        entity="order",
        amount=fields.amount(body.get("amount")),
        amount_paid=0,
        amount_due=fields.amount(body.get("amount")),
        currency=fields.currency(body.get("currency")),
        receipt=fields.receipt(body.get("receipt")),
        offer_id=None,
        status="created",
        attempts=0,
        notes=fields.notes(body.get("notes")),
        created_at=desk.at,
    )
    if body.get("partial_payment"):
        raise Refusal("Partial payments are not enabled for this account", field="partial_payment")
    terms = _capture_terms(desk, body.get("payment"))
    if body.get("unique_receipt") and order["receipt"]:
        existing = _by_receipt(desk, order["receipt"])
        if existing:
            return existing[0]
    desk.books.run(
        "INSERT INTO orders (id, key_id, receipt, created_at, capture, automatic_expiry_minutes,"
        " manual_expiry_minutes, refund_speed, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        order["id"],
        desk.key_id,
        order["receipt"],
        order["created_at"],
        terms.capture,
        terms.automatic_minutes,
        terms.manual_minutes,
        terms.refund_speed,
        json.dumps(order),
    )
    desk.note("order.created", order["id"], order["amount"])
    return order


def fetch(desk: Desk, order_id: str) -> Order:
    order = ledger.find_order(desk.books, desk.key_id, order_id)
    if order is None:
        raise unknown_id()
    return order


def list_all(desk: Desk, query: Mapping[str, object]) -> Page:
    """Newest first; filters `receipt`, `from`, `to`."""
    count, skip = fields.page_of(query)
    receipt = query.get("receipt")
    rows = desk.books.rows(
        "SELECT doc FROM orders WHERE key_id = ?1 AND (?2 IS NULL OR receipt = ?2)"
        " AND created_at BETWEEN ?3 AND ?4 ORDER BY seq DESC LIMIT ?5 OFFSET ?6",
        desk.key_id,
        None if receipt is None else str(receipt),
        *fields.span_of(query),
        count,
        skip,
    )
    return collection([json.loads(row["doc"]) for row in rows])


def payments(desk: Desk, order_id: str) -> Page:
    return collection(ledger.payments_of_order(desk.books, fetch(desk, order_id)["id"]))


def edit(desk: Desk, order_id: str, body: fields.Body) -> Order:
    """Replace the notes; nothing else of an order can change."""
    order = fetch(desk, order_id)
    order["notes"] = fields.notes(body.get("notes"))
    ledger.save_order(desk.books, order)
    return order


def _by_receipt(desk: Desk, receipt: str) -> list[Order]:
    rows = desk.books.rows(
        "SELECT doc FROM orders WHERE key_id = ? AND receipt = ? ORDER BY seq", desk.key_id, receipt
    )
    return [json.loads(row["doc"]) for row in rows]


@dataclass(frozen=True)
class _CaptureTerms:
    """How a payment of an order is captured, until when, and how what was never captured goes back."""

    capture: str
    automatic_minutes: int = _MOST_EXPIRY_MINUTES
    manual_minutes: int = _MOST_EXPIRY_MINUTES
    refund_speed: str = "normal"


def _capture_terms(desk: Desk, payment: object) -> _CaptureTerms:
    """https://razorpay.com/docs/payments/payments/capture-settings/api"""
    if payment is None:
        return _CaptureTerms(desk.merchant.default_capture)
    settings = fields.sub_object(payment, "payment", _PAYMENT_FIELDS)
    capture = settings.get("capture")
    if capture not in ("automatic", "manual"):
        raise Refusal("The selected payment.capture is invalid.", field="payment.capture")
    options = fields.sub_object(
        settings.get("capture_options", {}), "payment.capture_options", _OPTION_FIELDS
    )
    speed = options.get("refund_speed", "normal")
    if speed not in ("normal", "optimum"):
        raise Refusal("The selected refund_speed is invalid.", field="refund_speed")
    automatic = fields.whole_number(
        options,
        "automatic_expiry_period",
        _LEAST_EXPIRY_MINUTES if capture == "manual" else _MOST_EXPIRY_MINUTES,
        _LEAST_EXPIRY_MINUTES,
        _MOST_EXPIRY_MINUTES,
    )
    manual = fields.whole_number(
        options, "manual_expiry_period", _MOST_EXPIRY_MINUTES, automatic, _MOST_EXPIRY_MINUTES
    )
    return _CaptureTerms(str(capture), automatic, manual, str(speed))
