"""Refunds: once, never more than was captured, and known to the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Sandbox


@pytest_asyncio.fixture
async def world(databases: Databases, sandbox: Sandbox) -> AsyncIterator[World]:
    async with payments_world(databases, sandbox, refund_mode="manual") as running:
        yield running


async def confirmed(world: World) -> tuple[Visit, str]:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.settle()
    assert visit.status == "confirmed"
    return visit, begun["payment_id"]


async def test_a_refund_is_pending_until_the_gateway_has_processed_it(world: World) -> None:
    _, payment_id = await confirmed(world)
    assert (await world.refund(payment_id, 20_000, "k")).json()["status"] == "pending"
    await world.settle()
    assert await world.ledger() == {
        "gateway_clearing": PRICE - 1180,
        "gateway_fee": 1000,
        "gst_input": 180,
        "patient_deposit": 20_000 - PRICE,
        "refund_pending": -20_000,
    }
    refund = (await world.sandbox.books(world.account)).refunds[0]
    await world.sandbox.process_refund(refund["id"])
    await world.deliver_all()
    await world.settle()
    shown = await world.payment(payment_id)
    assert (shown["status"], shown["refunded_amount"]) == ("partially-refunded", 20_000)
    assert "refund_pending" not in await world.ledger()
    await world.audit()


@pytest.mark.parametrize("kind", ["lose-answer", "lose-request", "http-502-html", "timeout-after"])
@pytest.mark.failure_row(21)
async def test_a_refund_whose_answer_is_lost_is_made_once(world: World, kind: Any) -> None:
    _, payment_id = await confirmed(world)
    await world.sandbox.add_fault(world.account, "payments.refund", kind, seconds=3)
    await world.refund(payment_id, PRICE, "k")
    await world.settle()
    for _ in range(3):
        await world.move(minutes=5)
        await world.settle()
    books = await world.sandbox.books(world.account)
    assert books.count("refund.created") == 1
    await world.sandbox.process_refund(books.refunds[0]["id"])
    await world.move(hours=2)
    await world.settle()
    assert (await world.payment(payment_id))["status"] == "refunded"
    await world.audit()


@pytest.mark.failure_row(22)
async def test_the_same_request_twice_is_one_refund_and_without_a_key_it_is_refused(world: World) -> None:
    _, payment_id = await confirmed(world)
    both = await asyncio.gather(
        world.refund(payment_id, 10_000, "same"), world.refund(payment_id, 10_000, "same")
    )
    assert both[0].json()["refund_id"] == both[1].json()["refund_id"]
    assert (await world.refund(payment_id, 20_000, "same")).status_code == 422
    without = await world.ask(
        "POST",
        f"/api/v1/payments/{payment_id}/refund",
        f"admin:{payment_id}",
        {"amount": 1, "reason_code": "x"},
    )
    assert without.status_code == 422
    assert len((await world.payment(payment_id))["refunds"]) == 1


@pytest.mark.failure_row(23)
async def test_refunds_never_exceed_what_was_captured_even_at_once(world: World) -> None:
    _, payment_id = await confirmed(world)
    answers = await asyncio.gather(*(world.refund(payment_id, 30_000, f"k{n}") for n in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    assert (refused["code"], refused["refundable"]) == ("refund-exceeds-captured", 20_000)


@pytest.mark.failure_row(24, 25)
async def test_a_refund_that_fails_is_owed_again_and_can_be_made_anew(world: World) -> None:
    _, payment_id = await confirmed(world)
    await world.refund(payment_id, PRICE, "k")
    await world.settle()
    refund = (await world.sandbox.books(world.account)).refunds[0]
    await world.sandbox.process_refund(refund["id"])
    await world.deliver_all()
    await world.settle()
    assert (await world.payment(payment_id))["status"] == "refunded"
    await world.sandbox.fail_refund(refund["id"])  # a processed one may still fail
    await world.deliver_all()
    await world.settle()
    shown = await world.payment(payment_id)
    assert (shown["status"], shown["refunded_amount"], shown["refunds"][0]["status"]) == (
        "captured",
        0,
        "failed",
    )
    assert (await world.ledger())["refund_owed"] == -PRICE
    assert world.told()[-1] == "REFUND_FAILED"
    assert (await world.refund(payment_id, PRICE, "again")).status_code == 201
    await world.settle()
    second = (await world.sandbox.books(world.account)).refunds[-1]
    await world.sandbox.process_refund(second["id"])
    await world.deliver_all()
    await world.settle()
    await world.audit()


@pytest.mark.failure_row(26)
async def test_a_refund_made_in_the_dashboard_is_imported_once(world: World) -> None:
    _, payment_id = await confirmed(world)
    attempt = (await world.payment(payment_id))["gateway_payment_id"]
    made = await world.sandbox.refund_in_dashboard(attempt, 5_000)
    await world.sandbox.process_refund(made["id"])
    for _ in range(2):
        await world.deliver_all()
    await world.settle()
    shown = await world.payment(payment_id)
    assert (shown["refunded_amount"], [r["reason_code"] for r in shown["refunds"]]) == (5_000, ["dashboard"])
    await world.audit()


async def test_a_refund_that_the_dashboard_forestalled_is_superseded_and_nothing_is_owed(
    world: World,
) -> None:
    _, payment_id = await confirmed(world)
    attempt = (await world.payment(payment_id))["gateway_payment_id"]
    made = await world.sandbox.refund_in_dashboard(attempt)
    await world.sandbox.process_refund(made["id"])
    await world.refund(payment_id, PRICE, "k")
    await world.settle()
    shown = await world.payment(payment_id)
    assert shown["status"] == "refunded"
    assert sorted((r["status"], r["reason_code"]) for r in shown["refunds"]) == [
        ("processed", "dashboard"),
        ("superseded", "goodwill"),
    ]
    assert shown["refunded_amount"] == PRICE
    assert "REFUND_FAILED" not in world.told()
    assert set(await world.ledger()) == {"gateway_clearing", "gateway_fee", "gst_input"}
    await world.audit()


async def test_what_a_forestalled_refund_still_owes_is_given_back(world: World) -> None:
    visit, payment_id = await confirmed(world)
    attempt = (await world.payment(payment_id))["gateway_payment_id"]
    made = await world.sandbox.refund_in_dashboard(attempt, 20_000)
    await world.sandbox.process_refund(made["id"])
    await world.cancel(visit)
    await world.settle()
    refunds = (await world.payment(payment_id))["refunds"]
    assert sorted((r["status"], r["amount"]) for r in refunds) == [
        ("pending", 30_000),
        ("processed", 20_000),
        ("superseded", PRICE),
    ]
    await world.sandbox.process_refund((await world.sandbox.books(world.account)).refunds[-1]["id"])
    await world.deliver_all()
    await world.settle()
    await world.audit()


async def test_a_failure_that_was_only_concluded_gives_way_to_the_gateways_word(world: World) -> None:
    _, payment_id = await confirmed(world)
    await world.sandbox.add_fault(
        world.account, "payments.refund", "http-400", description="Not possible now"
    )
    await world.refund(payment_id, PRICE // 2, "k")
    await world.settle()
    refund = (await world.payment(payment_id))["refunds"][0]
    assert (refund["status"], refund["gateway_refund_id"]) == ("failed", None)
    assert (await world.ledger())["refund_owed"] == -PRICE // 2
    # An earlier, slower call of the same refund takes effect after all.
    fact: Any = await world.parts.gateway.refund(
        refund["refund_id"], refund["gateway_payment_id"], PRICE // 2
    )
    await world.sandbox.process_refund(fact.gateway_refund_id)
    await world.deliver_all()
    await world.settle()
    shown = await world.payment(payment_id)
    assert (shown["refunds"][0]["status"], shown["refunded_amount"]) == ("processed", PRICE // 2)
    assert world.told()[-1] == "REFUND_COMPLETED"
    assert not {"refund_owed", "refund_pending"} & set(await world.ledger())
    await world.audit()


async def test_the_money_of_a_failed_refund_is_earned_by_nobody(world: World) -> None:
    visit, payment_id = await confirmed(world)
    begun = await world.payment(payment_id)
    await world.sandbox.pay(begun["order_id"], outcome="captured", force=True)
    await world.deliver_all()
    await world.settle()
    refund = (await world.sandbox.books(world.account)).refunds[0]
    await world.sandbox.fail_refund(refund["id"])
    await world.deliver_all()
    await world.settle()
    await world.complete(visit)
    ledger = await world.ledger()
    assert (ledger["doctor_payable"], ledger["refund_owed"]) == (-PRICE, -PRICE)
    assert "patient_deposit" not in ledger
    await world.audit()


async def test_an_admins_refund_pays_a_siblings_debt_before_it_touches_what_was_kept(world: World) -> None:
    _, payment_id = await confirmed(world)
    begun = await world.payment(payment_id)
    other = await world.sandbox.pay(begun["order_id"], outcome="captured", force=True)
    await world.deliver_all()
    await world.settle()
    refund = (await world.sandbox.books(world.account)).refunds[0]
    await world.sandbox.fail_refund(refund["id"])
    await world.deliver_all()
    await world.settle()
    named = await world.refund(payment_id, 1_000, "n", gateway_payment_id=begun["gateway_payment_id"])
    assert named.json()["gateway_payment_id"] == begun["gateway_payment_id"]
    again = await world.refund(payment_id, PRICE, "again")
    assert again.json()["gateway_payment_id"] == other["razorpay_payment_id"]
    unknown = await world.refund(payment_id, 1, "u", gateway_payment_id="pay_ofnobody")
    assert (unknown.status_code, unknown.json()["code"]) == (409, "nothing-to-refund")


@pytest.mark.failure_row(56)
async def test_a_refund_after_the_visit_comes_from_what_the_doctor_earned(world: World) -> None:
    visit, payment_id = await confirmed(world)
    await world.complete(visit)
    assert (await world.ledger())["doctor_payable"] == -PRICE
    await world.refund(payment_id, 10_000, "k")
    assert (await world.ledger())["doctor_payable"] == 10_000 - PRICE


async def test_the_ledger_cannot_be_edited_and_refuses_what_does_not_sum_to_zero(world: World) -> None:
    import asyncpg

    await confirmed(world)
    for statement in (
        "UPDATE ledger_entries SET amount = 1",
        "DELETE FROM ledger_transactions",
        "DELETE FROM payment_history",
        "TRUNCATE ledger_entries",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.db.execute(statement)
        owner = await asyncpg.connect(world.clock_url)
        with pytest.raises(asyncpg.PostgresError):
            await owner.execute(statement)
        await owner.close()
    with pytest.raises(asyncpg.CheckViolationError):
        await world.db.execute(
            "INSERT INTO ledger_entries (transaction_id, account, amount, currency)"
            " SELECT min(id), 'bank', 1, 'INR' FROM ledger_transactions"
        )
