"""Every sample of the vendor's that is of a kind we read goes into our models and comes out with the same values.

A sample that comes in anew has to be decided on: read, or named here as none of ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from niyat.payments.adapters import razorpay_entities as entities
from niyat.payments.ports import AttemptFact, Order, RefundFact

FIXTURES = Path(__file__).parents[2] / "fixtures" / "razorpay"
RESPONSES = sorted((FIXTURES / "responses").glob("*.json"))
WEBHOOKS = sorted((FIXTURES / "webhooks").glob("*.json"))
NOT_READ_HERE = {
    "card", "dispute", "payment.downtime", "payout", "reversal", "settlement", "settlement.ondemand",
    "settlement.ondemand_payout", "transfer",
}  # fmt: skip


def order(known: Any, read: Order) -> None:
    assert (read.order_id, read.amount, read.currency) == (known["id"], known["amount"], known["currency"])
    assert (read.receipt, read.status) == (known["receipt"], known["status"])


def payment(known: Any, read: AttemptFact) -> None:
    assert (read.gateway_payment_id, read.order_id) == (known["id"], known.get("order_id"))
    assert (read.amount, read.currency, read.status) == (known["amount"], known["currency"], known["status"])
    assert (read.method, read.fee, read.tax) == (known.get("method"), known.get("fee"), known.get("tax"))
    assert read.amount_refunded == known["amount_refunded"]
    assert read.captured == known["captured"]
    for name in ("error_code", "error_reason", "error_description"):
        assert (getattr(read, name) or None) == (
            known.get(name) or None
        )  # the vendor's empty ones are '' at times


def refund(known: Any, read: RefundFact) -> None:
    assert (read.gateway_refund_id, read.gateway_payment_id) == (known["id"], known["payment_id"])
    assert (read.amount, read.currency, read.status) == (known["amount"], known["currency"], known["status"])


READERS: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any], None]]] = {
    "order": (entities.order, order),
    "payment": (entities.attempt, payment),
    "refund": (entities.refund, refund),
}


def parts(sample: Any) -> Iterator[Any]:
    """The entities in an answer: itself, or those of a collection, with what is expanded in them."""
    for one in sample["items"] if sample["entity"] == "collection" else [sample]:
        yield one
        for inner in one.values():
            if isinstance(inner, dict) and inner.get("entity") == "collection":
                yield from parts(inner)


def compare(sample: Any) -> int:
    kind = sample["entity"]
    if kind in NOT_READ_HERE:
        return 0
    read, equal = READERS[kind]
    equal(sample, read(sample))
    return 1


@pytest.mark.parametrize("path", RESPONSES, ids=lambda path: path.stem)
def test_an_answers_entities_are_read_with_their_values(path: Path) -> None:
    for part in parts(json.loads(path.read_text(encoding="utf-8"))):
        compare(part)


@pytest.mark.parametrize("path", WEBHOOKS, ids=lambda path: path.stem)
def test_an_events_entities_are_read_with_their_values(path: Path) -> None:
    envelope = json.loads(path.read_text(encoding="utf-8"))
    facts = entities.webhook(envelope)
    payload = {name: part["entity"] for name, part in envelope["payload"].items() if isinstance(part, dict)}
    if facts.attempt is not None:
        payment(payload["payment"], facts.attempt)
    if facts.refund is not None:
        refund(payload["refund"], facts.refund)
    kind = envelope["event"]
    assert (facts.refund is not None) == kind.startswith("refund.")
    if kind.startswith(("order.paid", "payment.authorized", "payment.captured", "payment.failed")):
        assert facts.attempt is not None


def test_samples_of_every_kind_that_we_read_were_compared() -> None:
    seen = {
        part["entity"] for path in RESPONSES for part in parts(json.loads(path.read_text(encoding="utf-8")))
    }
    assert set(READERS) <= seen
    assert seen <= set(READERS) | NOT_READ_HERE
