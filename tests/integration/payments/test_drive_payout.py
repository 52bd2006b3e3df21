"""A payout on its way: sent once whatever is lost, asked about until it is known, and owed again when it comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from niyat.payments.adapters.breaker import CircuitBreaker
from niyat.payments.adapters.razorpayx import RazorpayX
from niyat.payments.commands.drive_payout import drive_payout
from niyat.payments.commands.record_payout import record_payout
from niyat.payments.payouts import UPI_LIMIT, FundAccount, PayoutFact, PayoutMode, PayoutRequest, PayoutStatus
from niyat.payments.ports import Answer, Refused, Unknown
from tests.support.payers import ACCOUNT_NUMBER, PAYING, Payer
from tests.support.payments_appointments import PRICE
from tests.support.payments_world import World
from tests.support.sandbox import Json, Kind


@pytest.fixture
def settings() -> Json:
    return {**PAYING}


@pytest.fixture
def payer(world: World) -> Payer:
    return Payer(world)


async def test_an_approved_payout_is_sent_and_found_processed(payer: Payer) -> None:
    doctor_id = await payer.doctor()
    payout_id = await payer.approved(doctor_id)
    assert await payer.owed() == {"payout_pending": -PRICE}
    await payer.settled()
    payout = await payer.payout(payout_id)
    assert (payout["status"], payout["amount"], payout["mode"]) == ("processed", PRICE, "IMPS")
    assert payout["utr"] is not None
    assert [line["to_status"] for line in payout["history"]] == [
        "pending",
        "approved",
        "processing",
        "processed",
    ]
    assert await payer.paid_out() == (PRICE, 1)
    assert await payer.owed() == {"bank": -PRICE - 590, "gateway_fee": 500, "gst_input": 90}
    assert payer.world.told()[-2:] == ["PAYOUT_APPROVED", "PAYOUT_PROCESSED"]


async def test_webhooks_alone_bring_it_to_its_end_in_any_order_and_twice(payer: Payer) -> None:
    payout_id = await payer.approved(await payer.doctor())
    await payer.world.settle()
    events = [event for event in await payer.world.webhooks() if event["event"].startswith("payout.")]
    assert [event["event"] for event in events] == [
        "payout.initiated",
        "payout.processed",
        "payout.updated",
    ]
    await payer.world.deliver_all([*reversed(events), *events])
    await payer.world.settle()
    payout = await payer.payout(payout_id)
    assert (payout["status"], payout["utr"] is None) == ("processed", False)
    assert payer.world.told().count("PAYOUT_PROCESSED") == 1


@pytest.mark.parametrize(
    "kind", ["lose-request", "lose-answer", "http-429", "http-500-json", "http-502-html", "reset"]
)
async def test_whatever_is_lost_it_is_paid_once(payer: Payer, kind: Kind) -> None:
    payout_id = await payer.approved(await payer.doctor())
    await payer.world.sandbox.add_fault(payer.world.account, "payouts.create", kind)
    await payer.settled()
    assert (await payer.payout(payout_id))["status"] == "processed"
    assert await payer.paid_out() == (PRICE, 1)


@pytest.mark.failure_row(53)
async def test_while_its_outcome_is_unknown_nobody_tries_it_again(payer: Payer) -> None:
    payout_id = await payer.approved(await payer.doctor())
    await payer.world.sandbox.add_fault(payer.world.account, "payouts.create", "lose-answer")
    await payer.world.settle()
    refused = await payer.retry(payout_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "payout-not-returned")
    assert (await payer.payout(payout_id))["status"] == "approved"
    await payer.settled()
    assert await payer.paid_out() == (PRICE, 1)


async def test_a_failed_payout_is_owed_again_and_another_one_follows_it(payer: Payer) -> None:
    await payer.behave(payout_mode="manual")
    doctor_id = await payer.doctor()
    first = await payer.approved(doctor_id)
    await payer.world.settle()
    gateway_id = (await payer.payout(first))["gateway_payout_id"]
    await payer.world.sandbox.decide_payout(gateway_id, "fail", reason="imps_not_allowed")
    await payer.world.deliver_all()
    await payer.world.settle()
    failed = await payer.payout(first)
    assert (failed["status"], failed["failure_reason"]) == ("failed", "imps-not-allowed")
    assert (await payer.balance(doctor_id))["owed"] == PRICE
    assert "PAYOUT_FAILED" in payer.world.told()
    await payer.behave(payout_mode="auto")
    again = await payer.retry(first, "key")
    assert (again.status_code, again.json()["retry_of"]) == (201, first)
    assert (await payer.retry(first, "key")).json()["payout_id"] == again.json()["payout_id"]
    assert (await payer.retry(first)).json()["code"] == "payout-retried"
    await payer.settled()
    assert (await payer.payout(again.json()["payout_id"]))["status"] == "processed"
    assert (await payer.payout(first))["retried_by"] == again.json()["payout_id"]
    assert await payer.paid_out() == (PRICE, 2)
    assert (await payer.balance(doctor_id))["owed"] == 0


@pytest.mark.failure_row(53)
@pytest.mark.parametrize("heard", ["webhook", "poll"])
async def test_a_payout_that_comes_back_days_later_is_owed_again(payer: Payer, heard: str) -> None:
    doctor_id = await payer.doctor()
    payout_id = await payer.approved(doctor_id)
    await payer.settled()
    gateway_id = (await payer.payout(payout_id))["gateway_payout_id"]
    await payer.world.sandbox.decide_payout(gateway_id, "reverse")
    if heard == "webhook":
        await payer.world.deliver_all()
    await payer.world.move(days=1, minutes=1)
    await payer.world.settle()
    assert (await payer.payout(payout_id))["status"] == "reversed"
    assert await payer.owed() == {"doctor_payable": -PRICE}
    assert (await payer.paid_out())[0] == 0
    assert payer.world.told().count("PAYOUT_REVERSED") == 1


async def test_a_payout_that_the_gateway_refuses_fails_with_its_reason(payer: Payer) -> None:
    doctor_id = await payer.doctor()
    payout_id = await payer.approved(doctor_id)
    fund_account_id = (await payer.payout(payout_id))["fund_account_id"]
    await payer.razorpay("PATCH", f"/fund_accounts/{fund_account_id}", {"active": False})
    await payer.settled()
    payout = await payer.payout(payout_id)
    assert payout["status"] == "failed"
    assert payout["failure_reason"] == "payouts-cannot-be-created-on-an-inactive-fund-account"
    assert (await payer.balance(doctor_id))["owed"] == PRICE
    assert await payer.paid_out() == (0, 0)


async def test_a_payout_waits_in_the_queue_for_money_and_for_the_gateways_own_approval(payer: Payer) -> None:
    await payer.behave(payout_balance=0)
    payout_id = await payer.approved(await payer.doctor())
    await payer.world.settle()
    assert (await payer.payout(payout_id))["status"] == "queued"
    await payer.world.sandbox.add_funds(payer.world.account, 2 * PRICE)
    await payer.settled()
    assert (await payer.payout(payout_id))["status"] == "processed"
    await payer.behave(payout_approval="required")
    other = await payer.approved(await payer.doctor())
    await payer.world.settle()
    rejected = await payer.payout(other)
    assert rejected["status"] == "queued"
    await payer.world.sandbox.decide_payout(rejected["gateway_payout_id"], "reject")
    await payer.settled()
    rejected = await payer.payout(other)
    assert (rejected["status"], rejected["failure_reason"]) == ("failed", "payout-rejected")


async def test_a_refusal_is_not_believed_before_the_gateway_has_said_that_it_has_nothing(
    payer: Payer,
) -> None:
    payout_id = await payer.approved(await payer.doctor())
    await payer.world.sandbox.add_fault(
        payer.world.account, "payouts.create", "http-400", after_effect=True, description="Not possible"
    )
    await payer.world.sandbox.add_fault(payer.world.account, "payouts.list", "http-400")
    await payer.world.settle()
    assert (await payer.payout(payout_id))["status"] == "approved"  # not known: never concluded
    await payer.settled()
    assert (await payer.payout(payout_id))["status"] == "processed"
    assert await payer.paid_out() == (PRICE, 1)


async def test_what_we_took_for_failed_and_the_gateway_has_after_all_counts_as_it_says(payer: Payer) -> None:
    payout_id = await payer.approved(await payer.doctor())
    fund_account_id = (await payer.payout(payout_id))["fund_account_id"]
    await payer.razorpay("PATCH", f"/fund_accounts/{fund_account_id}", {"active": False})
    await payer.world.settle()
    assert await payer.owed() == {"doctor_payable": -PRICE}
    sent = PayoutFact("pout_after_all", PRICE, "INR", PayoutStatus.PROCESSING, UUID(payout_id))
    await payer.world.db.run(record_payout, sent, source="webhook")
    assert await payer.owed() == {"payout_pending": -PRICE}
    failed = replace(sent, status=PayoutStatus.FAILED)
    for fact in (failed, sent, failed):
        await payer.world.db.run(record_payout, fact, source="webhook")
    assert (await payer.payout(payout_id))["status"] == "failed"
    assert await payer.owed() == {"doctor_payable": -PRICE}


async def test_what_was_sent_from_one_account_is_looked_up_there_though_another_is_set(payer: Payer) -> None:
    payout_id = await payer.approved(await payer.doctor())
    await payer.world.sandbox.add_fault(payer.world.account, "payouts.create", "lose-answer")
    await payer.world.settle()
    now_set = payer.world.parts.settings.model_copy(update={"razorpayx_account_number": "4564560001112223"})
    other = RazorpayX(now_set)
    try:
        for _ in range(4):
            await payer.world.move(seconds=70)
            await drive_payout(replace(payer.world.parts, settings=now_set, payouts=other), UUID(payout_id))
    finally:
        await other.close()
    assert (await payer.payout(payout_id))["status"] == "processed"
    assert await payer.paid_out() == (PRICE, 1)


@dataclass
class SlowToLook:
    """A gateway that has nothing yet: a look-up takes it `seconds`, and what it answers to a call is said before."""

    world: World
    answers: list[Answer[PayoutFact]]
    seconds: float = 0
    breaker: CircuitBreaker = field(default_factory=lambda: CircuitBreaker("slow"))

    async def payouts_of(self, payout_id: UUID, account_number: str) -> Answer[Sequence[PayoutFact]]:
        await self.world.move(seconds=self.seconds)
        return ()

    async def send(self, payout: PayoutRequest) -> Answer[PayoutFact]:
        return self.answers.pop(0)

    async def fetch_payout(self, gateway_payout_id: str) -> Answer[PayoutFact]:
        return Unknown("not asked")

    async def fund_account(self, fund_account_id: str) -> Answer[FundAccount]:
        return Unknown("not asked")


async def test_a_call_after_a_slow_look_up_is_given_its_full_time_before_a_refusal_is_believed(
    payer: Payer,
) -> None:
    payout_id = await payer.approved(await payer.doctor())
    longest = payer.world.parts.settings.longest_call_seconds
    refused = Refused("BAD_REQUEST_ERROR", "na", "Not possible")
    gateway = SlowToLook(payer.world, [Unknown("lost"), Unknown("lost"), refused, refused])
    parts = replace(payer.world.parts, payouts=gateway)

    async def turn() -> str:
        await payer.world.db.execute("UPDATE doctor_payouts SET next_at = niyat_now()")
        await drive_payout(parts, UUID(payout_id))
        return str((await payer.payout(payout_id))["status"])

    await turn()
    gateway.seconds = 2 * longest
    await turn()  # looked up for so long, and sent only then
    gateway.seconds = 0
    assert await turn() == "approved"  # that call may still do it
    await payer.world.move(seconds=2 * longest)
    assert await turn() == "failed"


async def taken_for_failed(payer: Payer) -> PayoutRequest:
    """A payout that the gateway refused and had nothing of; what was asked for, which it would do now."""
    payout_id = await payer.approved(await payer.doctor())
    fund_account_id = (await payer.payout(payout_id))["fund_account_id"]
    await payer.razorpay("PATCH", f"/fund_accounts/{fund_account_id}", {"active": False})
    await payer.settled()
    assert (await payer.payout(payout_id))["status"] == "failed"
    await payer.razorpay("PATCH", f"/fund_accounts/{fund_account_id}", {"active": True})
    return PayoutRequest(UUID(payout_id), ACCOUNT_NUMBER, fund_account_id, PRICE, "INR", PayoutMode.IMPS)


@pytest.mark.failure_row(53)
async def test_what_we_took_for_failed_is_looked_up_for_days_and_never_sent_again(payer: Payer) -> None:
    there = await taken_for_failed(payer)
    assert isinstance(await payer.world.parts.require_payer().send(there), PayoutFact)  # a call that was late
    await payer.world.move(days=1, minutes=1)
    await payer.settled()
    assert (await payer.payout(str(there.payout_id)))["status"] == "processed"
    nowhere = await taken_for_failed(payer)
    for _ in range(3):
        await payer.world.move(days=5)
        await payer.world.settle()
    assert (await payer.payout(str(nowhere.payout_id)))["status"] == "failed"
    assert await payer.paid_out() == (PRICE, 1)
    assert await payer.world.db.fetchval("SELECT count(*) FROM doctor_payouts WHERE next_at IS NOT NULL") == 0


@pytest.mark.failure_row(53)
async def test_before_a_failed_payout_is_tried_again_the_gateway_is_asked_once_more(payer: Payer) -> None:
    request = await taken_for_failed(payer)
    payout_id = str(request.payout_id)
    await payer.world.sandbox.add_fault(payer.world.account, "payouts.list", "http-500-json")
    assert (await payer.retry(payout_id, "key")).status_code == 503
    assert isinstance(
        await payer.world.parts.require_payer().send(request), PayoutFact
    )  # a call that was late
    refused = await payer.retry(payout_id, "key")
    assert (refused.status_code, refused.json()["code"]) == (409, "payout-not-returned")
    await payer.settled()
    assert (await payer.payout(payout_id))["status"] == "processed"
    assert await payer.paid_out() == (PRICE, 1)


async def test_before_money_that_failed_to_go_out_is_approved_in_a_batch_the_gateway_is_asked_once_more(
    payer: Payer,
) -> None:
    request = await taken_for_failed(payer)
    batch = await payer.propose()
    assert [item["amount"] for item in batch["items"]] == [PRICE]  # the same money, owed again
    assert isinstance(
        await payer.world.parts.require_payer().send(request), PayoutFact
    )  # a call that was late
    approved = await payer.approve(batch)
    assert [item["failure_reason"] for item in approved["items"]] == ["no-longer-owed"]
    await payer.settled()
    assert await payer.paid_out() == (PRICE, 1)


async def test_what_is_too_much_for_the_present_account_is_not_tried_again_but_proposed_in_parts(
    payer: Payer,
) -> None:
    doctor_id = await payer.doctor()
    payout_id = await payer.approved(doctor_id, UPI_LIMIT + 1)
    fund_account_id = (await payer.payout(payout_id))["fund_account_id"]
    await payer.razorpay("PATCH", f"/fund_accounts/{fund_account_id}", {"active": False})
    await payer.settled()
    assert (await payer.pay_to(doctor_id, await payer.fund_account("vpa"))).status_code == 200
    refused = await payer.retry(payout_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "payout-too-large")
    assert [item["amount"] for item in (await payer.propose())["items"]] == [UPI_LIMIT]
