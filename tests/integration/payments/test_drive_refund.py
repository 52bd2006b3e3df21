"""A refund that the gateway cannot make now, not in the ordinary way, or not at all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import ADMIN, World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Json, Sandbox

BY_HAND = {"method": "bank-transfer", "reference": "NEFT 4711", "reason_code": "refund-failed"}


@pytest.fixture
def settings() -> Json:
    return {"gateway_timeout_seconds": 0.5}


async def confirmed(world: World) -> tuple[Visit, str]:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.settle()
    assert visit.status == "confirmed"
    return visit, begun["payment_id"]


async def refused(world: World, payment_id: str, amount: int, key: str) -> Json:
    """A refund that the gateway refuses for good."""
    await world.sandbox.add_fault(world.account, "payments.refund", "http-400", description="Not possible")
    made: Json = (await world.refund(payment_id, amount, key)).json()
    await world.settle()
    return made


async def by_hand(world: World, refund_id: str, **more: Any) -> Any:
    path = f"/api/v1/payments/refunds/{refund_id}/handed-back"
    return await world.ask("POST", path, f"admin:{ADMIN}", BY_HAND | more)


@pytest.mark.failure_row(21)
async def test_while_the_gateway_is_still_at_it_the_same_refund_waits_and_is_made_once(world: World) -> None:
    _, payment_id = await confirmed(world)
    await world.sandbox.add_fault(world.account, "payments.refund", "late-effect", seconds=2)
    refund = (await world.refund(payment_id, PRICE, "k")).json()
    for _ in range(3):  # no answer in time; then 409, because the first call is open; then it is found
        await world.settle()
        await world.move(minutes=1)
    async with asyncio.timeout(60):
        while not (await world.sandbox.books(world.account)).refunds:
            pass  # the first call is still on its way through the sandbox
    for _ in range(6):
        await world.move(hours=1)
        await world.settle()
    books = await world.sandbox.books(world.account)
    assert (books.refunded, books.count("refund.created")) == (PRICE, 1)
    assert books.refunds[0]["receipt"] == refund["refund_id"]
    assert (await world.payment(payment_id))["status"] == "refunded"


@pytest.mark.failure_row(28)
async def test_a_refund_beyond_the_gateways_balance_waits_is_told_to_staff_and_goes_through_later(
    world: World,
) -> None:
    _, payment_id = await confirmed(world)
    await world.sandbox.settle(world.account)
    await world.sandbox.behave(world.account, low_balance="refused")
    with capture_logs() as lines:
        refund = (await world.refund(payment_id, PRICE, "k")).json()
        await world.settle()
    assert [line["log_level"] for line in lines if "balance does not cover" in line["event"]] == ["error"]
    shown = (await world.payment(payment_id))["refunds"]
    assert [(r["refund_id"], r["status"]) for r in shown] == [(refund["refund_id"], "pending")]
    assert (await world.ledger())["refund_pending"] == -PRICE
    assert "REFUND_FAILED" not in world.told()
    for _ in range(2):
        await confirmed(world)  # new captures fill the balance
    await world.move(hours=2)
    await world.settle()
    books = await world.sandbox.books(world.account)
    assert [(r["receipt"], r["amount"]) for r in books.refunds] == [(refund["refund_id"], PRICE)]
    assert (await world.payment(payment_id))["status"] == "refunded"


@pytest.mark.failure_row(24)
async def test_what_the_gateway_cannot_give_back_is_owed_until_it_is_paid_another_way(world: World) -> None:
    visit, payment_id = await confirmed(world)
    await world.cancel(visit, owed_back=0)
    failed = await refused(world, payment_id, PRICE, "k")
    assert (await world.ledger())["refund_owed"] == -PRICE
    answer = await by_hand(world, failed["refund_id"])
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert (made["status"], made["amount"]) == ("processed", PRICE)
    assert made["refund_id"] != failed["refund_id"]
    assert (await by_hand(world, failed["refund_id"])).json()["code"] == "refund-not-pending"
    await world.settle()
    ledger = await world.ledger()
    assert ("refund_owed" in ledger, ledger["desk_clearing"]) == (False, -PRICE)
    shown = await world.payment(payment_id)
    assert (shown["status"], sorted(r["status"] for r in shown["refunds"])) == (
        "refunded",
        ["failed", "processed"],
    )
    assert world.told()[-1] == "REFUND_COMPLETED"
    assert (await world.sandbox.books(world.account)).refunded == 0


@pytest.mark.failure_row(24)
async def test_what_was_asked_for_anew_is_not_paid_by_hand_as_well(world: World) -> None:
    _, payment_id = await confirmed(world)
    failed = await refused(world, payment_id, PRICE, "k")
    assert (await world.refund(payment_id, PRICE, "again")).status_code == 201
    assert (await by_hand(world, failed["refund_id"])).json()["code"] == "refund-exceeds-captured"
    await world.settle()
    assert (await world.ledger()).get("desk_clearing", 0) == 0
    assert (await world.sandbox.books(world.account)).refunded == PRICE


@pytest.mark.parametrize(
    "why",
    [
        "Request failed because another payment operation is in progress",
        "Refund blocked due to ongoing dispute investigation",
    ],
)
async def test_a_refusal_that_passes_is_waited_for_and_fails_nothing(world: World, why: str) -> None:
    _, payment_id = await confirmed(world)
    await world.sandbox.add_fault(world.account, "payments.refund", "http-400", description=why)
    await world.refund(payment_id, PRICE, "k")
    await world.settle()
    assert [one["status"] for one in (await world.payment(payment_id))["refunds"]] == ["pending"]
    await world.move(minutes=5)
    await world.settle()
    assert (await world.payment(payment_id))["status"] == "refunded"
    assert "REFUND_FAILED" not in world.told()
    assert (await world.sandbox.books(world.account)).refunded == PRICE


async def test_while_an_earlier_call_may_be_on_its_way_a_refusal_fails_nothing(
    databases: Databases, sandbox: Sandbox
) -> None:
    async with payments_world(databases, sandbox, gateway_timeout_seconds=60, lease_seconds=300) as world:
        _, payment_id = await confirmed(world)
        await sandbox.add_fault(world.account, "payments.refund", "http-502-html")
        await sandbox.add_fault(
            world.account, "payments.refund", "http-400", times=9, description="Not possible"
        )
        await world.refund(payment_id, PRICE, "k")
        for wait, status in ((10, "pending"), (10, "pending"), (600, "failed")):
            await world.settle()
            await world.move(seconds=wait)
            await world.settle()
            assert [one["status"] for one in (await world.payment(payment_id))["refunds"]] == [status]
        await world.audit()


async def test_nothing_is_paid_by_hand_that_the_gateway_made_after_all(world: World) -> None:
    _, payment_id = await confirmed(world)
    failed = await refused(world, payment_id, PRICE, "k")
    (shown,) = (await world.payment(payment_id))["refunds"]
    await world.sandbox.add_fault(world.account, "payments.refunds", "http-502-html")
    assert (await by_hand(world, failed["refund_id"])).status_code == 503
    await world.parts.gateway.refund(failed["refund_id"], shown["gateway_payment_id"], PRICE)
    assert (await by_hand(world, failed["refund_id"])).json()["code"] == "refund-not-at-the-desk"
    await world.settle()
    assert (await world.payment(payment_id))["status"] == "refunded"
    assert "desk_clearing" not in await world.ledger()


@pytest.mark.failure_row(22)
async def test_what_went_back_does_not_go_back_again(world: World) -> None:
    _, payment_id = await confirmed(world)
    refund = (await world.refund(payment_id, PRICE, "k")).json()
    await world.settle()
    again = await world.refund(payment_id, 1, "another")
    assert (again.status_code, again.json()["code"]) == (409, "refund-exceeds-captured")
    assert again.json()["refundable"] == 0
    of_itself = await world.refund(refund["refund_id"], PRICE, "of-the-refund")
    assert (of_itself.status_code, of_itself.json()["code"]) == (404, "payment-not-found")
    assert (await by_hand(world, refund["refund_id"])).json()["code"] == "refund-not-at-the-desk"
    assert (await world.refund(payment_id, PRICE, "k")).json()["refund_id"] == refund["refund_id"]
    assert (await world.sandbox.books(world.account)).refunded == PRICE


@pytest.mark.failure_row(27)
@pytest.mark.parametrize("instant", ["possible", "impossible"])
async def test_after_six_months_an_instant_refund_is_tried_and_else_it_is_owed_and_paid_by_hand(
    databases: Databases, own_sandbox: Sandbox, instant: str
) -> None:
    async with payments_world(databases, own_sandbox) as world:
        _, payment_id = await confirmed(world)
        await own_sandbox.behave(world.account, instant_refunds=instant)
        await own_sandbox.shift_clock(184 * 86_400)
        await world.move(days=184)
        refund = (await world.refund(payment_id, PRICE, "k")).json()
        await world.settle()
        shown = (await world.payment(payment_id))["refunds"]
        if instant == "impossible":
            assert [r["status"] for r in shown] == ["failed"]
            assert (await by_hand(world, refund["refund_id"])).json()["status"] == "processed"
            await world.settle()
        else:
            made = (await own_sandbox.books(world.account)).refunds
            assert [r["speed_processed"] for r in made] == ["instant"]
        assert (await world.payment(payment_id))["status"] == "refunded"
        await world.settle()
        await world.audit()
