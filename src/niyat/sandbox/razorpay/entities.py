"""The vendor's entities, with exactly the keys and types of its documented samples.

Money is integer subunits; times are whole Unix seconds; empty notes are an empty *list*.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from typing import Any, Literal, NotRequired, TypedDict

Notes = dict[str, str] | list[str]
Page = dict[str, Any]
"""What a list request answers: entity, count, items."""
Method = Literal["card", "upi", "netbanking", "wallet"]
OrderStatus = Literal["created", "attempted", "paid"]
PaymentStatus = Literal["created", "authorized", "captured", "refunded", "failed"]
RefundStatus = Literal["pending", "processed", "failed"]

_ID_ALPHABET = string.ascii_letters + string.digits


class Order(TypedDict):
    id: str
    entity: Literal["order"]
    amount: int
    amount_paid: int
    amount_due: int
    currency: str
    receipt: str | None
    offer_id: None
    status: OrderStatus
    attempts: int
    notes: Notes
    created_at: int


class Card(TypedDict):
    id: str
    entity: Literal["card"]
    name: str
    last4: str
    network: str
    type: str
    issuer: str | None
    international: bool
    emi: bool
    sub_type: str


class Upi(TypedDict):
    payer_account_type: str
    vpa: str
    flow: str


class Payment(TypedDict):
    id: str
    entity: Literal["payment"]
    amount: int
    currency: str
    status: PaymentStatus
    order_id: str
    invoice_id: None
    international: bool
    method: Method
    amount_refunded: int
    refund_status: Literal["partial", "full"] | None
    captured: bool
    description: str | None
    card_id: str | None
    bank: str | None
    wallet: str | None
    vpa: str | None
    email: str
    contact: str
    notes: Notes
    fee: int | None
    tax: int | None
    error_code: str | None
    error_description: str | None
    error_source: str | None
    error_step: str | None
    error_reason: str | None
    acquirer_data: dict[str, str | None]
    created_at: int
    card: NotRequired[Card]
    upi: NotRequired[Upi]


class Refund(TypedDict):
    id: str
    entity: Literal["refund"]
    amount: int
    currency: str
    payment_id: str
    notes: Notes
    receipt: str | None
    acquirer_data: dict[str, str | None]
    created_at: int
    batch_id: None
    status: RefundStatus
    speed_processed: Literal["normal", "instant"]
    speed_requested: Literal["normal", "optimum"]


def new_id(prefix: str) -> str:
    """`order_`, `pay_`, `rfnd_` … and 14 letters and digits."""
    return prefix + "_" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(14))


def digits(count: int) -> str:
    """A bank's reference number."""
    return "".join(secrets.choice(string.digits) for _ in range(count))


def collection(items: Sequence[Any]) -> Page:
    return {"entity": "collection", "count": len(items), "items": items}


def fee_and_tax(amount: int) -> tuple[int, int]:
    """The fee (2 %, plus 18 % GST on it; GST is *inside* the fee) and that GST, each rounded half up."""
    base = (amount * 2 + 50) // 100
    tax = (base * 18 + 50) // 100
    return base + tax, tax


def count_refunded(payment: Payment, change: int) -> None:
    """Note on the payment that so much more, or less, of it went back."""
    payment["amount_refunded"] += change
    if payment["amount_refunded"] == payment["amount"]:
        payment["status"], payment["refund_status"] = "refunded", "full"
        return
    if payment["status"] == "refunded":
        payment["status"] = "captured" if payment["captured"] else "authorized"
    payment["refund_status"] = "partial" if payment["amount_refunded"] else None
