"""What an appointment shows of its money: folded from payment events, so that their order does not matter.

The history is a set of facts; everything else is worked out from it anew. Payments has the truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from niyat.events.catalogue import (
    PaymentAuthorized,
    PaymentCompleted,
    PaymentEvent,
    PaymentFailed,
    PaymentInitiated,
    PaymentReleased,
    RefundCompleted,
    RefundEvent,
)

RANKS: tuple[tuple[str, str], ...] = (
    (PaymentInitiated.type, "pending"),
    (PaymentFailed.type, "failed"),
    (PaymentAuthorized.type, "authorized"),
    (PaymentReleased.type, "failed"),
    (PaymentCompleted.type, "captured"),
)
"""One payment's status is that of the highest of its facts: a later, lower one changes nothing."""

WEIGHTS = {"captured": 2, "partially-refunded": 2, "authorized": 1}
"""Of several payments for one visit, the one that holds money is shown; among equals the newest."""

Payment = dict[str, Any]
Fact = dict[str, Any]


def with_event(payment: Payment | None, event: PaymentEvent) -> Payment:
    """The projection after `event`; unchanged when its fact is known."""
    known = payment["history"] if payment else []
    fact = _fact(event)
    if payment and fact in known:
        return payment
    history = sorted([*known, fact], key=lambda f: (f["at"], f["payment_id"], f["event"]))
    ids = {f["payment_id"] for f in history}
    payments = [_one([f for f in history if f["payment_id"] == payment_id]) for payment_id in ids]
    shown = max(payments, key=lambda one: (WEIGHTS.get(one["status"], 0), one["payment_id"]))
    return shown | {"history": history}


def _fact(event: PaymentEvent) -> Fact:
    fact = {
        "at": event.occurred_at.isoformat().replace("+00:00", "Z"),
        "event": event.type,
        "payment_id": str(event.payment_id),
        "amount": event.amount,
        "currency": event.currency,
    }
    if isinstance(event, RefundEvent):
        fact["refund_id"] = str(event.refund_id)
    for name in ("reason_code", "method", "gateway_payment_id"):
        if (value := getattr(event, name, None)) is not None:
            fact[name] = value
    return fact


def _one(facts: Sequence[Fact]) -> Payment:
    """One payment from its own facts."""
    types = {fact["event"] for fact in facts}
    status = next((status for kind, status in reversed(RANKS) if kind in types), "pending")
    own = [fact for fact in facts if "refund_id" not in fact]
    amount = max((fact["amount"] for fact in own), default=None)
    refunded = _refunded(facts)
    if refunded:
        status = "refunded" if amount is not None and refunded >= amount else "partially-refunded"
    return {
        "status": status,
        "amount": refunded if amount is None else amount,
        "refunded_amount": refunded,
        "currency": facts[0]["currency"],
        "payment_id": facts[0]["payment_id"],
        "method": next((fact["method"] for fact in facts if "method" in fact), None),
    }


def _refunded(facts: Iterable[Fact]) -> int:
    by_refund = {f["refund_id"]: f["amount"] for f in facts if f["event"] == RefundCompleted.type}
    return sum(by_refund.values())
