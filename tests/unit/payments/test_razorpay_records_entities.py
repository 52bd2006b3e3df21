"""The vendor's own samples of disputes, downtimes and settlements are read; what is none is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from niyat.payments.adapters import razorpay_records_entities as entities
from niyat.payments.adapters.razorpay_entities import NotAnEntity
from niyat.payments.disputes import DisputeStatus

SAMPLES = Path(__file__).parents[2] / "fixtures" / "razorpay"
ENDS = {"won": DisputeStatus.WON, "lost": DisputeStatus.LOST, "closed": DisputeStatus.CLOSED}
ROW = {
    "entity_id": "pay_1", "type": "payment", "debit": 0, "credit": 97, "amount": 100, "currency": "INR", "fee": 3,
    "tax": 1, "settled": True, "settled_at": 1568176960, "settlement_id": "setl_1", "description": None,
    "order_receipt": "r", "dispute_id": None,
}  # fmt: skip


def sample(path: Path) -> Any:
    return json.loads(path.read_text())


@pytest.mark.parametrize(
    "path", sorted(SAMPLES.glob("webhooks/payment.dispute.*.json")), ids=lambda path: path.stem
)
def test_a_sample_of_a_disputes_event_is_a_dispute_and_nothing_else(path: Path) -> None:
    facts = entities.webhook(sample(path))
    assert facts.dispute is not None
    assert (facts.attempt, facts.refund, facts.downtime) == (None, None, None)
    assert facts.dispute.status is ENDS.get(path.stem.split(".")[-1], facts.dispute.status)


@pytest.mark.parametrize(
    "path", sorted(SAMPLES.glob("webhooks/payment.downtime.*.json")), ids=lambda path: path.stem
)
def test_a_sample_of_a_downtimes_event_is_a_downtime(path: Path) -> None:
    facts = entities.webhook(sample(path))
    assert facts.downtime is not None
    assert facts.downtime.resolved is (".resolved." in path.name)


@pytest.mark.parametrize(
    "path", sorted(SAMPLES.glob("responses/disputes.fetch*.json")), ids=lambda path: path.stem
)
def test_a_sample_of_an_answer_is_a_dispute(path: Path) -> None:
    for one in sample(path).get("items", [sample(path)]):
        assert entities.dispute(one).amount > 0


def test_a_sample_of_a_settlement_is_one() -> None:
    assert entities.settlement(sample(SAMPLES / "responses" / "settlements.entity.json")).amount == 50_000


def test_a_row_of_the_report_is_read_with_its_net_amount_and_kept_as_it_came() -> None:
    row = entities.settlement_row(ROW)
    assert (row.net, row.fee, row.tax, row.order_receipt, row.raw) == (97, 3, 1, "r", ROW)
    assert entities.settlement_row(ROW | {"settlement_id": None, "settled_at": None}).settlement_id is None


@pytest.mark.parametrize("broken", [None, [], {}, ROW | {"credit": "97"}, ROW | {"settled_at": 10**30}])
def test_what_is_no_row_is_refused_by_name(broken: Any) -> None:
    with pytest.raises(NotAnEntity):
        entities.settlement_row(broken)


def test_a_dispute_of_a_status_that_nobody_knows_is_refused_by_name() -> None:
    dispute = sample(SAMPLES / "responses" / "disputes.fetch.json")
    with pytest.raises(NotAnEntity):
        entities.dispute(dispute | {"status": "mediated"})
