"""Disputes: opened by the bank, accepted or contested by the merchant through the vendor's real SDK."""

from __future__ import annotations

import json

import pytest
from razorpay.errors import BadRequestError

from tests.support.sandbox import Json, Sandbox
from tests.support.shop import Shop


async def document(shop: Shop) -> str:
    answer = await shop.sandbox.http.post(
        "/razorpay/v1/documents",
        files={"file": ("visit.pdf", b"%PDF-1.7", "application/pdf")},
        data={"purpose": "dispute_evidence"},
        auth=shop.account.auth,
    )
    made: Json = answer.raise_for_status().json()
    assert (made["entity"], made["size"], made["mime_type"]) == ("document", 8, "application/pdf")
    document_id: str = made["id"]
    return document_id


async def told(shop: Shop) -> list[str]:
    events = await shop.sandbox.webhooks(shop.account)
    return [one["event"] for one in events if one["event"].startswith("payment.dispute.")]


async def disputed(sandbox: Sandbox, **more: object) -> tuple[Shop, Json]:
    shop = Shop(sandbox, await sandbox.register_account())
    return shop, await sandbox.dispute(await shop.paid_visit("card"), **more)


async def test_an_accepted_dispute_is_lost_and_its_money_deducted(sandbox: Sandbox) -> None:
    shop, dispute = await disputed(sandbox)
    assert (dispute["status"], dispute["amount"], dispute["amount_deducted"]) == ("open", 50000, 0)
    lost = await shop.call(shop.client.dispute.accept, dispute["id"])
    assert (lost["status"], lost["amount_deducted"]) == ("lost", 50000)
    with pytest.raises(BadRequestError, match="in lost status"):
        await shop.call(shop.client.dispute.accept, dispute["id"])
    assert await told(shop) == ["payment.dispute.created", "payment.dispute.lost"]
    assert (await sandbox.books(shop.account)).deducted == 50000
    assert (await shop.call(shop.client.dispute.all))["items"] == [lost]


async def test_a_contested_dispute_is_reviewed_sent_back_and_won(sandbox: Sandbox) -> None:
    shop, dispute = await disputed(sandbox)
    proof = await document(shop)
    draft = await shop.call(shop.client.dispute.contest, dispute["id"], {"summary": "The visit took place"})
    assert (draft["status"], draft["evidence"]["summary"]) == ("open", "The visit took place")
    with pytest.raises(BadRequestError, match="At least one document"):
        await shop.call(shop.client.dispute.contest, dispute["id"], {"action": "submit"})
    body = {"action": "submit", "proof_of_service": [proof]}
    submitted = await shop.call(shop.client.dispute.contest, dispute["id"], body)
    assert (submitted["status"], submitted["evidence"]["proof_of_service"]) == ("under_review", [proof])
    assert submitted["evidence"]["submitted_at"] is not None
    with pytest.raises(BadRequestError, match="in under_review status"):
        await shop.call(shop.client.dispute.contest, dispute["id"], body)

    await sandbox.decide_dispute(dispute["id"], "action-required")
    await shop.call(shop.client.dispute.contest, dispute["id"], body)
    won = await sandbox.decide_dispute(dispute["id"], "won")
    assert (won["status"], won["amount_deducted"]) == ("won", 0)
    assert await told(shop) == [
        "payment.dispute.created",
        "payment.dispute.under_review",
        "payment.dispute.action_required",
        "payment.dispute.under_review",
        "payment.dispute.won",
    ]
    assert (await sandbox.settle(shop.account))["amount"] == 48820


async def test_of_a_won_dispute_the_uncontested_part_is_deducted(sandbox: Sandbox) -> None:
    shop, dispute = await disputed(sandbox)
    body = {"action": "submit", "amount": 40000, "billing_proof": [await document(shop)]}
    await shop.call(shop.client.dispute.contest, dispute["id"], body)
    won = await sandbox.decide_dispute(dispute["id"], "won")
    assert won["amount_deducted"] == 10000
    assert (await sandbox.settle(shop.account))["amount"] == 48820 - 10000


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"amount": 50001}, "cannot be greater than dispute amount"),
        ({"action": "shout"}, "selected action is invalid"),
        ({"summary": "x" * 1001}, "1000 characters"),
        ({"billing_proof": ["doc_00000000000000"]}, "Invalid file id"),
        ({"invalid_proof_type": []}, "is/are not required and should not be sent"),
        ({"billing_proof": "doc"}, "must be an array"),
        ({"others": [{"type": 3}]}, "must be a string"),
    ],
)
async def test_bad_evidence_is_refused_in_the_vendors_words(
    sandbox: Sandbox, body: Json, complaint: str
) -> None:
    shop, dispute = await disputed(sandbox)
    with pytest.raises(BadRequestError, match=complaint):
        await shop.call(shop.client.dispute.contest, dispute["id"], body)


async def test_after_the_deadline_nothing_can_be_answered(moving_sandbox: Sandbox) -> None:
    shop, dispute = await disputed(moving_sandbox, respond_seconds=60)
    await moving_sandbox.shift_clock(61)
    with pytest.raises(BadRequestError, match="deadline to respond has elapsed"):
        await shop.call(shop.client.dispute.accept, dispute["id"])
    assert (await moving_sandbox.decide_dispute(dispute["id"], "lost"))["amount_deducted"] == 50000


async def test_only_a_suspicion_of_fraud_is_closed(sandbox: Sandbox) -> None:
    shop, dispute = await disputed(sandbox)
    with pytest.raises(AssertionError, match="phase fraud"):
        await sandbox.decide_dispute(dispute["id"], "closed")
    payment_id = await shop.paid_visit()
    fraud = await sandbox.dispute(payment_id, phase="fraud")
    await shop.refund(payment_id, {}, "refund-key-0001")
    assert (await sandbox.decide_dispute(fraud["id"], "closed"))["amount_deducted"] == 0


async def test_a_refunded_payment_may_still_be_disputed_and_lost(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    payment_id = await shop.paid_visit()
    await shop.refund(payment_id, {}, "refund-key-0001")
    dispute = await sandbox.dispute(payment_id)
    await sandbox.decide_dispute(dispute["id"], "lost")
    statement = await sandbox.books(account)
    assert (statement.captured, statement.refunded, statement.deducted) == (50000, 50000, 50000)


async def test_what_was_never_captured_cannot_be_disputed(sandbox: Sandbox) -> None:
    shop = Shop(sandbox, await sandbox.register_account())
    handed = await sandbox.pay((await shop.order())["id"])
    with pytest.raises(AssertionError, match="Only a captured payment"):
        await sandbox.dispute(handed["razorpay_payment_id"])


async def test_another_accounts_dispute_does_not_exist(sandbox: Sandbox) -> None:
    _, dispute = await disputed(sandbox)
    stranger = Shop(sandbox, await sandbox.register_account())
    with pytest.raises(BadRequestError, match="does not exist"):
        await stranger.call(stranger.client.dispute.fetch, dispute["id"])
    other = await stranger.sandbox.dispute(await stranger.paid_visit())
    assert (
        json.loads((await sandbox.webhooks(stranger.account))[-1]["body"])["payload"]["dispute"]["entity"]
        == other
    )
