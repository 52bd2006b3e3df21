"""Every sample of the vendor's that is of a kind we read goes into our models and comes out with the same values.

A sample that comes in anew has to be decided on: read, or named here as none of ours, with the reason.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from niyat.payments.adapters import razorpay_entities as entities
from niyat.payments.adapters import razorpay_records_entities as records
from niyat.payments.adapters.razorpay_gateway import RazorpayGateway
from niyat.payments.adapters.razorpayx import _fund_account
from niyat.payments.disputes import DisputeStatus
from niyat.payments.payouts import FundAccount, PayoutFact, PayoutStatus
from niyat.payments.ports import AttemptFact, Order, RefundFact, Refused, WebhookFacts
from niyat.payments.records import DisputeFact, DowntimeFact, Settlement
from niyat.payments.settings import PaymentsSettings

FIXTURES = Path(__file__).parents[2] / "fixtures" / "razorpay"
RESPONSES = sorted((FIXTURES / "responses").glob("*.json"))
WEBHOOKS = sorted((*(FIXTURES / "webhooks").glob("*.json"), *(FIXTURES / "signature").glob("*.json")))
ERRORS = sorted((FIXTURES / "errors").glob("*.json"))
NOT_READ = {
    "card": "a payment's card is shown in the gateway's dashboard alone",
    "contact": "the gateway keeps who a fund account belongs to; here a doctor has the account's id",
    "settlement.ondemand": "settlements come on the gateway's schedule; none is asked for",
    "settlement.ondemand_payout": "a part of one that is asked for",
    "transfer": "money is not split between linked accounts: doctors are paid by payouts",
    "reversal": "takes a transfer back",
}
"""Kinds of entities in the samples that we never ask for, and why."""
NOT_TOLD = {"settlement.processed"}
"""Events that say nothing to us: the report of the day has every settlement, also those whose event was lost."""


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


DISPUTE_STATUS = {
    "open": DisputeStatus.OPEN, "under_review": DisputeStatus.UNDER_REVIEW, "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST, "closed": DisputeStatus.CLOSED,
}  # fmt: skip


def dispute(known: Any, read: DisputeFact) -> None:
    assert (read.gateway_dispute_id, read.gateway_payment_id) == (known["id"], known["payment_id"])
    assert (read.amount, read.currency) == (known["amount"], known["currency"])
    assert read.amount_deducted == known["amount_deducted"]
    assert (read.status, read.phase) == (DISPUTE_STATUS[known["status"]], known["phase"])
    assert read.reason_code == known["reason_code"]
    assert seconds(read.respond_by) == known.get("respond_by")
    assert seconds(read.opened_at) == known["created_at"]


def downtime(known: Any, read: DowntimeFact) -> None:
    assert (read.downtime_id, read.method) == (known["id"], known["method"])
    assert read.instrument == known["instrument"]
    assert (read.severity, read.scheduled) == (known["severity"], known["scheduled"])
    assert read.resolved == (known["status"] == "resolved")
    moments = (read.begins_at, read.ends_at, read.changed_at)
    assert [seconds(one) for one in moments] == [known["begin"], known["end"], known["updated_at"]]


def settlement(known: Any, read: Settlement) -> None:
    assert (read.settlement_id, read.amount, read.utr) == (known["id"], known["amount"], known["utr"])


# The gateway's statuses of a payout that the samples have, and what each is to us.
PAYOUT_STATUS = {
    "queued": PayoutStatus.QUEUED, "processing": PayoutStatus.PROCESSING, "processed": PayoutStatus.PROCESSED,
    "rejected": PayoutStatus.FAILED,
}  # fmt: skip


def payout(known: Any, read: PayoutFact) -> None:
    assert (read.gateway_payout_id, read.amount) == (known["id"], known["amount"])
    assert (read.currency, read.status) == (known["currency"], PAYOUT_STATUS[known["status"]])
    assert (read.utr, read.fee, read.tax) == (known["utr"], known["fees"], known["tax"])
    details = known.get("status_details") or {}
    assert read.reason == (details.get("reason") or known.get("failure_reason"))
    assert read.our_payout_id is None  # the vendor's references are words, ours are UUIDs


def fund_account(known: Any, read: FundAccount) -> None:
    assert (read.fund_account_id, read.account_type) == (known["id"], known["account_type"])
    assert read.active == known["active"]


def seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


READERS: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any, Any], None]]] = {
    "order": (entities.order, order),
    "payment": (entities.attempt, payment),
    "refund": (entities.refund, refund),
    "dispute": (records.dispute, dispute),
    "payment.downtime": (records.downtime, downtime),
    "settlement": (records.settlement, settlement),
    "payout": (entities.payout, payout),
    "fund_account": (_fund_account, fund_account),
}


def parts(sample: Any) -> Iterator[Any]:
    """The entities in an answer: itself, or those of a collection, with what is expanded in them."""
    if sample["entity"] == "collection":
        for one in sample["items"]:
            yield from parts(one)
        return
    yield sample
    for inner in sample.values():
        if isinstance(inner, dict) and "entity" in inner:
            yield from parts(inner)


def paid_to_a_card(part: Any) -> bool:
    """Doctors are paid to bank accounts and UPI addresses, and to nothing else."""
    return (part["entity"], part.get("account_type")) == ("fund_account", "card")


def sample(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", RESPONSES, ids=lambda path: path.stem)
def test_an_answers_entities_are_read_with_their_values(path: Path) -> None:
    for part in parts(sample(path)):
        if part["entity"] in NOT_READ:
            continue
        read, equal = READERS[part["entity"]]
        if paid_to_a_card(part):
            with pytest.raises(ValueError, match="card"):
                read(part)
        else:
            equal(part, read(part))


def facts_of(envelope: Any) -> set[str]:
    """The entities of an event that are to become facts."""
    kind: str = envelope["event"]
    if kind in NOT_TOLD:
        return set()
    if kind.startswith("payment.dispute."):
        return {"dispute"}
    if kind.startswith("payment.downtime."):
        return {"payment.downtime"}
    return {"payment", "refund"} if kind.startswith("refund.") else {"payment"}


@pytest.mark.parametrize("path", WEBHOOKS, ids=lambda path: path.stem)
def test_an_events_entities_are_read_with_their_values(path: Path) -> None:
    envelope = sample(path)
    facts: WebhookFacts = records.webhook(envelope)
    read: dict[str, Any] = {
        "payment": facts.attempt, "refund": facts.refund, "payout": facts.payout, "dispute": facts.dispute,
        "payment.downtime": facts.downtime,
    }  # fmt: skip
    assert {name for name, fact in read.items() if fact is not None} == facts_of(envelope)
    for name in facts_of(envelope):
        READERS[name][1](envelope["payload"][name]["entity"], read[name])


@pytest.mark.parametrize("path", WEBHOOKS, ids=lambda path: path.stem)
def test_whatever_an_event_carries_of_a_kind_that_we_read_can_be_read(path: Path) -> None:
    """Also the order beside a payment, and the settlement whose event tells us nothing."""
    carried = {
        name: part["entity"] for name, part in sample(path)["payload"].items() if isinstance(part, dict)
    }
    assert carried
    for name, known in carried.items():
        read, equal = READERS[name]
        equal(known, read(known))


def test_every_kind_in_the_samples_is_either_read_or_named_as_none_of_ours() -> None:
    seen = {part["entity"] for path in RESPONSES for part in parts(sample(path))}
    assert seen == set(READERS) | set(NOT_READ)
    told = {sample(path)["event"] for path in WEBHOOKS}
    assert told >= NOT_TOLD


class Answering(requests.adapters.BaseAdapter):
    """Answers every request with the same refusal, without a network."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.status_code, response.raw, response.request = 400, io.BytesIO(self.body), request
        response.url = str(request.url)
        return response

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem)
async def test_an_errors_code_reason_and_words_come_out_of_the_vendors_own_sdk(path: Path) -> None:
    gateway = RazorpayGateway(
        PaymentsSettings(
            razorpay_key_id="rzp_test_k",
            razorpay_key_secret="s",
            razorpay_webhook_secret="w" * 32,
            razorpay_base_url="http://gateway.test",
        )
    )

    def refused(client: Any, how: Any) -> Any:
        client.session.mount("http://", Answering(path.read_bytes()))
        return client.order.fetch("order_1", {}, **how)

    known = sample(path)["error"]
    said = Refused(known["code"], known.get("reason", "unknown"), known["description"])
    try:
        assert await gateway.call(refused, entities.order) == said
    finally:
        await gateway.close()
