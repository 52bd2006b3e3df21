"""Disputes, settlements, downtimes and payouts have the keys and types of the vendor's documented samples."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from niyat.payments.adapters import razorpay_entities as entities
from niyat.payments.adapters import razorpay_records_entities as records
from tests.contract.test_sandbox_shapes import FIXTURES, entity, sample
from tests.support.sandbox import Account, Json, Sandbox
from tests.support.shop import Shop

INDIA = ZoneInfo("Asia/Kolkata")
DISPUTES = [
    *(sample(f"responses/{name}") for name in ("disputes.entity.json", "disputes.fetch.json")),
    *(sample(f"responses/disputes.{name}.json") for name in ("fetch.2", "fetch.3", "contest")),
]
DISPUTE_EVENTS = ("created", "under_review", "action_required", "won", "lost", "closed")
DOWNTIMES = [
    item
    for number in ("", ".2", ".3")
    for item in sample(f"responses/payments.downtime.fetch-all{number}.json")["items"]
]
PAYOUTS = [sample(f"responses/{path.name}") for path in (FIXTURES / "responses").glob("x.payout*.json")]
NULLABLE = {
    "utr", "end", "submitted_at", "summary", "reference_id", "narration", "email", "contact"
}  # fmt: skip
REPORT_KEYS = {
    "entity_id", "type", "debit", "credit", "amount", "currency", "fee", "tax", "on_hold", "settled",
    "created_at", "settled_at", "settlement_id", "posted_at", "credit_type", "description", "notes",
    "payment_id", "settlement_utr", "order_id", "order_receipt", "method", "card_network", "card_issuer",
    "card_type", "dispute_id",
}  # fmt: skip
"""Of https://razorpay.com/docs/api/settlements/fetch-recon; an adjustment there has no credit_type."""


def assert_like(shown: Json, samples: list[Json], where: str = "") -> None:
    """Every key is in a sample, with a type that it has there; none that all samples have is missing."""
    always = set.intersection(*(set(one) for one in samples))
    assert always <= shown.keys(), f"{where} lacks {always - shown.keys()}"
    for key, value in shown.items():
        known = [one[key] for one in samples if key in one]
        assert known, f"{where}{key} is in no sample"
        if value is None and (key in NULLABLE or None in known):
            continue
        if key == "utr":
            assert isinstance(value, str)
            continue
        if key == "notes":
            assert isinstance(value, dict | list)
            continue
        assert type(value) in {type(one) for one in known}, f"{where}{key}: {value!r}"
        inner = [one for one in known if isinstance(one, dict)]
        if isinstance(value, dict) and inner and key != "instrument":
            assert_like(value, inner, f"{where}{key}.")


async def events_of(sandbox: Sandbox, account: Account) -> dict[str, Json]:
    return {one["event"]: json.loads(one["body"]) for one in await sandbox.webhooks(account)}


def assert_envelope(shown: Json, known: Json) -> None:
    assert shown["contains"] == known["contains"]
    assert shown["payload"].keys() == known["payload"].keys()
    assert {"entity", "account_id", "event", "contains", "payload", "created_at"} == shown.keys()


@pytest.fixture
async def shop(sandbox: Sandbox) -> Shop:
    return Shop(sandbox, await sandbox.register_account())


async def test_a_dispute_and_all_its_events(sandbox: Sandbox, shop: Shop) -> None:
    uploaded = await sandbox.http.post(
        "/razorpay/v1/documents",
        files={"file": ("visit.pdf", b"%PDF", "application/pdf")},
        data={"purpose": "dispute_evidence"},
        auth=shop.account.auth,
    )
    proof = [uploaded.json()["id"]]
    evidence = {
        "action": "submit",
        "summary": "The visit took place",
        "billing_proof": proof,
        "others": [{"type": "signature", "document_ids": proof}],
    }
    dispute = await sandbox.dispute(await shop.paid_visit("card"))
    assert_like(dispute, DISPUTES)
    assert_like(await shop.call(shop.client.dispute.contest, dispute["id"], evidence), DISPUTES)
    await sandbox.decide_dispute(dispute["id"], "action-required")
    await sandbox.decide_dispute(dispute["id"], "won")
    lost = await sandbox.dispute(await shop.paid_visit())
    await shop.call(shop.client.dispute.accept, lost["id"])
    fraud = await sandbox.dispute(await shop.paid_visit(), phase="fraud")
    await sandbox.decide_dispute(fraud["id"], "closed")

    events = await events_of(sandbox, shop.account)
    for name in DISPUTE_EVENTS:
        known, shown = sample(f"webhooks/payment.dispute.{name}.json"), events[f"payment.dispute.{name}"]
        assert_envelope(shown, known)
        assert shown["payload"]["dispute"].keys() == known["payload"]["dispute"].keys()
        one = shown["payload"]["dispute"]["entity"]
        assert one.keys() == known["payload"]["dispute"]["entity"].keys()
        assert_like(one, [known["payload"]["dispute"]["entity"]] if name == "action_required" else DISPUTES)
        assert known["payload"]["payment"]["entity"].keys() <= shown["payload"]["payment"]["entity"].keys()


async def test_a_settlement_and_its_event(sandbox: Sandbox, shop: Shop) -> None:
    await shop.paid_visit()
    settlement = await sandbox.settle(shop.account)
    known = sample("responses/settlements.entity.json")
    assert settlement.keys() == known.keys()
    assert_like(settlement, [known])
    told = (await events_of(sandbox, shop.account))["settlement.processed"]
    assert_envelope(told, sample("webhooks/settlement.processed.json"))
    assert told["payload"]["settlement"]["entity"] == settlement


async def test_the_rows_of_the_report(sandbox: Sandbox, shop: Shop) -> None:
    payment_id = await shop.paid_visit("card")
    await shop.refund(payment_id, {"amount": 100, "notes": {"why": "moved"}}, "refund-key-0001")
    lost = await sandbox.dispute(payment_id, amount=100)
    await sandbox.decide_dispute(lost["id"], "lost")
    settled = (await sandbox.settle(shop.account))["created_at"]
    bad = await sandbox.http.get(
        "/razorpay/v1/settlements/recon/combined?year=2022&month=13", auth=shop.account.auth
    )
    assert bad.json() == sample("errors/settlements.fetch-recon.json")
    day = datetime.fromtimestamp(settled, INDIA)
    query = {"year": day.year, "month": f"{day.month:02}"}
    rows = (await shop.call(shop.client.settlement.report, query))["items"]
    assert {row["type"] for row in rows} == {"payment", "refund", "adjustment"}
    for row in rows:
        assert row.keys() == (REPORT_KEYS - {"credit_type"} if row["type"] == "adjustment" else REPORT_KEYS)
        assert all(type(row[key]) is int for key in ("debit", "credit", "amount", "fee", "tax", "settled_at"))
        read = records.settlement_row(row)
        assert (read.type, read.entity_id, read.currency) == (row["type"], row["entity_id"], row["currency"])
        assert (read.net, read.fee, read.tax) == (row["credit"] - row["debit"], row["fee"], row["tax"])
        assert (read.settlement_id, read.order_receipt) == (row["settlement_id"], row["order_receipt"])
        assert (read.settled_at.timestamp(), read.raw) == (row["settled_at"], row)
        assert (read.description, read.gateway_dispute_id) == (row["description"] or "", row["dispute_id"])
    assert lost["id"] in {row["dispute_id"] for row in rows}


@pytest.mark.parametrize(
    ("method", "instrument"), [("netbanking", {"bank": "COSB"}), ("upi", {"psp": "bhim"}), ("card", None)]
)
async def test_a_downtime_and_its_events(
    sandbox: Sandbox, shop: Shop, method: str, instrument: Json | None
) -> None:
    downtime = await sandbox.start_downtime(shop.account, method=method, instrument=instrument)
    assert downtime.keys() == DOWNTIMES[0].keys()
    assert_like(downtime, DOWNTIMES)
    await sandbox.update_downtime(downtime["id"], "medium")
    await sandbox.resolve_downtime(downtime["id"])
    events = await events_of(sandbox, shop.account)
    for happened in ("started", "updated", "resolved"):
        known = sample(f"webhooks/payment.downtime.{happened}.1.json")
        told = events[f"payment.downtime.{happened}"]
        assert_envelope(told, known)
        shown = told["payload"]["payment.downtime"]["entity"]
        assert shown.keys() == known["payload"]["payment.downtime"]["entity"].keys()
        assert shown["status"] == happened


async def test_a_refund_whose_speed_changed(sandbox: Sandbox, shop: Shop) -> None:
    await sandbox.behave(shop.account, instant_refunds="impossible")
    body = {"amount": 500, "speed": "optimum"}
    refund = await shop.refund(await shop.paid_visit(), body, "refund-key-0001")
    assert refund.keys() == sample("responses/refunds.create-instant.json").keys()
    told = (await events_of(sandbox, shop.account))["refund.speed_changed"]
    known = sample("webhooks/refund.speed_changed.json")
    assert told["contains"] == known["contains"]
    assert {"refund", "payment"} == told["payload"].keys() <= known["payload"].keys()
    assert told["payload"]["refund"]["entity"].keys() == REFUND_KEYS


REFUND_KEYS = entity("webhooks/refund.processed.json", "refund").keys()


@pytest.mark.parametrize(
    ("sample_name", "account"),
    [
        (
            "bank-account",
            {
                "account_type": "bank_account",
                "bank_account": {
                    "name": "Asha Rao",
                    "ifsc": "HDFC0001234",
                    "account_number": "1121431121541121",
                },
            },
        ),
        ("vpa", {"account_type": "vpa", "vpa": {"address": "asha.rao@exampleupi"}}),
    ],
)
async def test_payouts(sandbox: Sandbox, shop: Shop, sample_name: str, account: Json) -> None:
    contact = {
        "name": "Asha Rao",
        "email": "asha.rao@example.com",
        "contact": "9876543210",
        "type": "vendor",
        "reference_id": "doctor 12",
        "notes": {"k": "v"},
    }
    wanted = {
        "account_number": "7878780080316316",
        "fund_account": {**account, "contact": contact},
        "amount": 1_000_00,
        "currency": "INR",
        "mode": "UPI" if sample_name == "vpa" else "NEFT",
        "purpose": "payout",
        "queue_if_low_balance": True,
        "reference_id": "payout 1",
        "narration": "October",
        "notes": {"k": "v"},
    }
    composite = await shop.call(
        shop.client.post, "/v1/payouts", wanted, headers={"X-Payout-Idempotency": "key-1"}
    )
    known = sample(f"responses/x.payout-composite.create.{sample_name}.json")
    assert composite.keys() == known.keys()
    assert_like(composite, [known, *PAYOUTS])

    del wanted["fund_account"]
    wanted |= {"fund_account_id": composite["fund_account_id"]}
    await sandbox.behave(shop.account, payout_balance=0, payout_mode="manual")
    queued = await shop.call(
        shop.client.post, "/v1/payouts", wanted, headers={"X-Payout-Idempotency": "key-2"}
    )
    assert queued.keys() == sample("responses/x.payout-idempotency.make-request.json").keys()
    assert_like(queued, PAYOUTS)
    for name, told in (await events_of(sandbox, shop.account)).items():
        assert told["contains"] == ["payout"], name
        assert_like(told["payload"]["payout"]["entity"], PAYOUTS)
        # No sample of the vendor's shows such an event, so the sandbox's stands for it.
        assert entities.webhook(told).payout == entities.payout(told["payload"]["payout"]["entity"])


async def test_the_card_of_a_payment_and_an_order_with_its_payments(shop: Shop) -> None:
    payment_id = await shop.paid_visit("card")
    shown = await shop.call(shop.client.payment.fetchCardDetails, payment_id)
    assert shown.keys() == sample("responses/payments.fetch-card-details-payment.json").keys()
    page = await shop.call(shop.client.order.all, {"expand[]": "payments"})
    [order], known = page["items"], sample("responses/orders.fetch-all-expanded-payments.json")
    assert order.keys() == known["items"][0].keys()
    assert order["payments"]["items"][0].keys() >= known["items"][0]["payments"]["items"][0].keys()


async def test_an_unknown_address_and_refusals(shop: Shop, sandbox: Sandbox) -> None:
    lost = await sandbox.http.get("/razorpay/v1/nowhere", auth=shop.account.auth)
    assert (lost.status_code, lost.json()["error"]["description"]) == (
        400,
        "The requested URL was not found on the server.",
    )
    unknown = await sandbox.http.patch(
        "/razorpay/v1/disputes/disp_00000000000000/contest", json={}, auth=shop.account.auth
    )
    assert unknown.json() == sample("errors/disputes.contest.json")
    bad_count = await sandbox.http.get("/razorpay/v1/settlements?count=0", auth=shop.account.auth)
    assert bad_count.json() == sample("errors/settlements.fetch-all.json")
    bad_id = await sandbox.http.patch(
        "/razorpay/v1/refunds/rfnd_1", json={"notes": {}}, auth=shop.account.auth
    )
    assert bad_id.json()["error"] == {
        **sample("errors/refunds.update.json")["error"],
        "description": "rfnd_1 is not a valid id",
    }
