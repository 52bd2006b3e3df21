"""What an appointment shows of its money: folded from payment events, so that their order does not matter.

The history is a set of facts; everything else is worked out from it anew. It is bounded: of more than `LONGEST`
facts the least telling go first, by an order that is the same whichever came first. Payments has the truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

from niyat.events.catalogue import (
    PaymentAuthorized,
    PaymentCompleted,
    PaymentEvent,
    PaymentFailed,
    PaymentInitiated,
    PaymentOverridden,
    PaymentReleased,
    RefundCompleted,
    RefundEvent,
    RefundFailed,
    RefundInitiated,
)

STATUSES = {
    PaymentInitiated.type: "pending",
    PaymentFailed.type: "failed",
    PaymentAuthorized.type: "authorized",
    PaymentReleased.type: "failed",
    PaymentCompleted.type: "captured",
    RefundInitiated.type: "pending",
    RefundFailed.type: "failed",
    RefundCompleted.type: "refunded",
}
"""What each event says of its payment, or of its refund. An override says it itself."""

RANKS = (
    PaymentInitiated.type,
    PaymentFailed.type,
    PaymentAuthorized.type,
    PaymentReleased.type,
    PaymentCompleted.type,
    PaymentOverridden.type,
    RefundInitiated.type,
    RefundCompleted.type,
    RefundFailed.type,
)
"""One payment's status is that of the highest of its facts: a later, lower one changes nothing. Overrides count as
what they bring about. Of facts at one instant, the lower was first."""

KEPT_FIRST = (
    PaymentFailed.type,
    PaymentInitiated.type,
    PaymentAuthorized.type,
    RefundInitiated.type,
    PaymentReleased.type,
    PaymentOverridden.type,
    RefundFailed.type,
    RefundCompleted.type,
    PaymentCompleted.type,
)
"""What is given up first when there is too much, and last; of a kind, the oldest first."""
LONGEST = 200

BROUGHT_ABOUT = {
    "pending": PaymentInitiated.type,
    "failed": PaymentFailed.type,
    "captured": PaymentCompleted.type,
}
WEIGHTS = {"captured": 4, "partially-refunded": 4, "authorized": 3, "refunded": 2}
"""Of several payments for one visit, the one that holds money is shown, then one that held some; among equals the
newest."""

Payment = dict[str, Any]
Fact = dict[str, Any]


def with_event(payment: Payment | None, event: PaymentEvent) -> Payment:
    """The projection after `event`; unchanged when its fact is known."""
    known = payment["history"] if payment else []
    fact = _fact(event)
    if payment and fact in known:
        return payment
    history = sorted(_most_telling([*known, fact]), key=_when)
    ids = {f["payment_id"] for f in history}
    payments = [_one([f for f in history if f["payment_id"] == payment_id]) for payment_id in ids]
    shown = max(payments, key=_weight)
    return shown | {"history": history}


def _most_telling(facts: Sequence[Fact]) -> Sequence[Fact]:
    if len(facts) <= LONGEST:
        return facts
    return sorted(facts, key=lambda f: (KEPT_FIRST.index(f["event"]), _when(f)))[-LONGEST:]


def _when(fact: Fact) -> tuple[Any, ...]:
    """The order in which facts are told; total, so that it is the same whichever came first."""
    rest = sorted((name, str(value)) for name, value in fact.items())
    return fact["at"], RANKS.index(fact["event"]), rest


def _fact(event: PaymentEvent) -> Fact:
    fact = {
        "at": event.occurred_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "event": event.type,
        "status": event.payment_status if isinstance(event, PaymentOverridden) else STATUSES[event.type],
        "payment_id": str(event.payment_id),
        "amount": event.amount,
        "currency": event.currency,
        "source": "desk" if event.gateway == "manual" else "gateway",
    }
    if isinstance(event, PaymentOverridden):
        # Patients read this: who of the staff it was is in the audit log of payments.
        fact |= {"source": event.actor_role, "actor_role": event.actor_role}
    if isinstance(event, RefundEvent):
        fact["refund_id"] = str(event.refund_id)
    for name in ("reason_code", "method", "gateway_payment_id"):
        if (value := getattr(event, name, None)) is not None:
            fact[name] = value
    return fact


def _weight(payment: Payment) -> tuple[int, str]:
    return WEIGHTS.get(payment["status"], 1), payment["payment_id"]


def _one(facts: Sequence[Fact]) -> Payment:
    """One payment from its own facts."""
    own = [fact for fact in facts if "refund_id" not in fact]
    status = max((_brought_about(fact) for fact in own), default=(0, "pending"))[1]
    amount = max((fact["amount"] for fact in own), default=None)
    kept = next((fact for fact in reversed(own) if fact["event"] == PaymentCompleted.type), None)
    refunded = _refunded(fact for fact in facts if kept is None or _is_of(fact, kept))
    if refunded:
        status = "refunded" if amount is not None and refunded >= amount else "partially-refunded"
    return {
        "status": status,
        "amount": refunded if amount is None else amount,
        "refunded_amount": refunded,
        "currency": facts[0]["currency"],
        "payment_id": facts[0]["payment_id"],
        "method": next((fact["method"] for fact in reversed(facts) if "method" in fact), None),
        "gateway": "manual" if any(fact["source"] == "desk" for fact in facts) else "razorpay",
    }


def _brought_about(fact: Fact) -> tuple[int, str]:
    kind = BROUGHT_ABOUT[fact["status"]] if fact["event"] == PaymentOverridden.type else fact["event"]
    return RANKS.index(kind), fact["status"]


def _is_of(fact: Fact, kept: Fact) -> bool:
    """Whether it is about the attempt that was kept: another one's money, captured beside it, is no part of it."""
    return fact.get("gateway_payment_id") == kept.get("gateway_payment_id")


def _refunded(facts: Iterable[Fact]) -> int:
    """What has gone back and not come again: of each refund its last word counts, for a processed one may fail."""
    last = {
        f["refund_id"]: f for f in facts if f["event"] in (RefundCompleted.type, RefundFailed.type)
    }  # by time, as the history is
    return sum(f["amount"] for f in last.values() if f["event"] == RefundCompleted.type)
