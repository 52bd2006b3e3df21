"""The vendor's own samples are read; what is not an entity is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from niyat.payments.adapters import razorpay_entities as entities
from niyat.payments.domain import AttemptStatus, RefundStatus
from niyat.payments.ports import WebhookFacts

WEBHOOKS = Path(__file__).parents[2] / "fixtures" / "razorpay" / "webhooks"
KINDS = ("payment.authorized", "payment.captured", "payment.failed", "order.paid")
PAYMENTS = [path for path in sorted(WEBHOOKS.glob("*.json")) if path.stem.startswith(KINDS)]
REFUNDS = sorted(WEBHOOKS.glob("refund.*.json"))


def payload(path: Path, name: str) -> Any:
    return json.loads(path.read_text())["payload"][name]["entity"]


@pytest.mark.parametrize("path", PAYMENTS, ids=lambda path: path.stem)
def test_a_sample_of_a_payment_is_an_attempt(path: Path) -> None:
    fact = entities.attempt(payload(path, "payment"))
    assert fact.gateway_payment_id.startswith("pay_")
    assert fact.captured == (fact.status is AttemptStatus.CAPTURED)


@pytest.mark.parametrize("path", REFUNDS, ids=lambda path: path.stem)
def test_a_sample_of_a_refund_is_a_refund(path: Path) -> None:
    fact = entities.refund(payload(path, "refund"))
    assert fact.gateway_refund_id.startswith("rfnd_")
    assert fact.status in RefundStatus
    assert fact.our_refund_id is None


def test_our_own_refund_is_known_by_what_we_wrote_into_it() -> None:
    ours = "0198c9a0-0000-7000-8000-000000000001"
    base = {"id": "rfnd_1", "payment_id": "pay_1", "amount": 1, "currency": "INR", "status": "pending"}
    assert entities.refund({**base, "notes": {"refund_id": ours}}).our_refund_id == UUID(ours)
    assert entities.refund({**base, "notes": [], "receipt": ours}).our_refund_id == UUID(ours)
    assert entities.refund({**base, "notes": [], "receipt": "Receipt 7"}).our_refund_id is None


def test_refunded_without_having_been_captured_is_no_money_of_ours() -> None:
    base = {"id": "pay_1", "order_id": "order_1", "amount": 1, "currency": "INR", "status": "refunded"}
    assert not entities.attempt({**base, "captured": False}).captured
    assert entities.attempt({**base, "captured": True}).captured


@pytest.mark.parametrize("wrong", [None, [], "x", {}, {"id": 7}, {"id": "pay_1", "amount": "1"}])
def test_what_is_no_entity_is_refused(wrong: Any) -> None:
    for read in (entities.attempt, entities.refund, entities.order, entities.each(entities.order)):
        with pytest.raises(entities.NotAnEntity):
            read(wrong)


def test_a_status_we_do_not_know_is_refused() -> None:
    with pytest.raises(entities.NotAnEntity):
        entities.attempt({"id": "pay_1", "amount": 1, "currency": "INR", "status": "teleported"})


def test_a_downtime_of_payouts_says_nothing_of_any_payout() -> None:
    downtime = {"entity": {"id": "pdown_1", "status": "started", "channel": {"mode": "IMPS"}}}
    event = {"event": "payout.downtime.started", "payload": {"payout.downtime": downtime}}
    assert entities.webhook(event) == WebhookFacts()
