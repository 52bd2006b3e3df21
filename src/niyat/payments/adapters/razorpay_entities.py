"""Razorpay's JSON, read into our facts. Webhooks and the API carry the same entities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from niyat.payments.domain import AttemptStatus, RefundStatus
from niyat.payments.payouts import PayoutFact, PayoutStatus
from niyat.payments.ports import AttemptFact, Order, RefundFact, WebhookFacts

T = TypeVar("T")


class NotAnEntity(ValueError):
    """The JSON lacks what every entity of that kind has."""


class Entity(BaseModel):
    """What the vendor sends: fields that we do not know are passed over."""

    model_config = ConfigDict(extra="ignore", strict=True)


class _Order(Entity):
    id: str
    amount: int
    currency: str
    receipt: str | None = None
    status: str


class _Payment(Entity):
    id: str
    order_id: str | None = None
    status: str
    amount: int
    currency: str
    captured: bool | None = None
    method: str | None = None
    fee: int | None = None
    tax: int | None = None
    error_code: str | None = None
    error_reason: str | None = None
    error_description: str | None = None
    amount_refunded: int | None = None


class _Refund(Entity):
    id: str
    payment_id: str
    amount: int
    currency: str
    status: str = "processed"
    receipt: str | None = None
    notes: Any = None  # `[]` when empty


class _Payout(Entity):
    id: str
    amount: int
    currency: str
    status: str
    reference_id: str | None = None
    utr: str | None = None
    fees: int | None = None
    tax: int | None = None
    failure_reason: str | None = None
    status_details: Any = None


def order(json: Any) -> Order:
    """An order. Raises NotAnEntity."""
    read = read_as(_Order, json)
    return Order(read.id, read.amount, read.currency, read.receipt, read.status)


def attempt(json: Any) -> AttemptFact:
    """A payment, which we call an attempt. Raises NotAnEntity."""
    read = read_as(_Payment, json)
    status = word_of(AttemptStatus, read.status)
    return AttemptFact(
        gateway_payment_id=read.id,
        order_id=read.order_id,
        status=status,
        amount=read.amount,
        currency=read.currency,
        # `refunded` is also what an authorization is called that was let go; only `captured` tells them apart.
        captured=status is AttemptStatus.CAPTURED
        or (status is AttemptStatus.REFUNDED and bool(read.captured)),
        method=read.method,
        fee=read.fee,
        tax=read.tax,
        error_code=read.error_code,
        error_reason=read.error_reason,
        error_description=(read.error_description or "")[:300] or None,
        amount_refunded=read.amount_refunded or 0,
    )


def refund(json: Any) -> RefundFact:
    """A refund. Raises NotAnEntity."""
    read = read_as(_Refund, json)
    noted = read.notes.get("refund_id") if isinstance(read.notes, dict) else None
    ours = None
    with suppress(ValueError, AttributeError, TypeError):
        ours = UUID(noted or read.receipt)
    return RefundFact(
        read.id, read.payment_id, read.amount, read.currency, word_of(RefundStatus, read.status), ours
    )


PAYOUT_STATUS = {
    "pending": PayoutStatus.QUEUED,  # for the approval of somebody at the gateway
    "queued": PayoutStatus.QUEUED,
    "scheduled": PayoutStatus.QUEUED,
    "processing": PayoutStatus.PROCESSING,
    "processed": PayoutStatus.PROCESSED,
    "reversed": PayoutStatus.REVERSED,
    "failed": PayoutStatus.FAILED,
    "rejected": PayoutStatus.FAILED,
    "cancelled": PayoutStatus.FAILED,
}


def payout(json: Any) -> PayoutFact:
    """A payout. Raises NotAnEntity."""
    read = read_as(_Payout, json)
    if read.status not in PAYOUT_STATUS:
        raise NotAnEntity(f"no status of ours: {read.status[:40]!r}")
    ours = None
    with suppress(ValueError):
        ours = UUID(read.reference_id or "")
    why = read.status_details.get("reason") if isinstance(read.status_details, dict) else None
    return PayoutFact(
        read.id, read.amount, read.currency, PAYOUT_STATUS[read.status], ours, read.utr or None, read.fees or 0,
        read.tax or 0, why if isinstance(why, str) else read.failure_reason,
    )  # fmt: skip


ABOUT_AN_ATTEMPT = ("payment.authorized", "payment.captured", "payment.failed", "order.paid")


def webhook(envelope: dict[str, Any]) -> WebhookFacts:
    """The facts of an event; none for the kinds that we do nothing about. Raises NotAnEntity."""
    kind = envelope.get("event")
    payload = envelope.get("payload")
    if not isinstance(kind, str) or not isinstance(payload, dict):
        raise NotAnEntity("no event")
    if kind.startswith("payout.") and "payout" in payload:  # a downtime of payouts carries none
        return WebhookFacts(payout=payout(entity_of(envelope, "payout")))
    about_refund = kind.startswith("refund.")
    if kind not in ABOUT_AN_ATTEMPT and not about_refund:
        return WebhookFacts()
    return WebhookFacts(
        attempt=attempt(entity_of(envelope, "payment")) if "payment" in payload else None,
        refund=refund(entity_of(envelope, "refund")) if about_refund else None,
    )


def entity_of(envelope: dict[str, Any], name: str) -> Any:
    """The entity of that name that an event carries; None when it has none."""
    part = envelope["payload"].get(name)
    return part.get("entity") if isinstance(part, dict) else None


def each(read: Callable[[Any], T]) -> Callable[[Any], Sequence[T]]:
    """A reader of the vendor's collections."""

    def collection(json: Any) -> Sequence[T]:
        if not isinstance(json, dict) or not isinstance(json.get("items"), list):
            raise NotAnEntity("no collection")
        return [read(item) for item in json["items"]]

    return collection


E = TypeVar("E", bound=StrEnum)
M = TypeVar("M", bound=Entity)


def word_of(kind: type[E], word: str) -> E:
    """The vendor's word for a status, as ours. Raises NotAnEntity."""
    try:
        return kind(word)
    except ValueError as error:
        raise NotAnEntity(f"no status of ours: {word[:40]!r}") from error


def read_as(kind: type[M], json: Any) -> M:
    """`json` as that kind of entity. Raises NotAnEntity."""
    try:
        return kind.model_validate(json)
    except ValidationError as error:
        raise NotAnEntity("; ".join(f"{e['loc']}: {e['msg']}" for e in error.errors())) from error
