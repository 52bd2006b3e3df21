"""The money of a refund that failed goes back once: asked for anew, by hand, by a dispute, or late after all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio

from niyat.payments.checks import CHECKS
from niyat.payments.commands.record_refund import record_refund
from niyat.payments.domain import RefundStatus
from niyat.payments.ports import RefundFact
from tests.support.payments_appointments import PRICE
from tests.support.payments_world import ADMIN, World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Json, Sandbox
from tests.support.settling import paid


@pytest_asyncio.fixture
async def unsound(databases: Databases, sandbox: Sandbox) -> AsyncIterator[World]:
    """A world in which money was lost: its audit finds something."""
    async with payments_world(databases, sandbox) as running:
        yield running


@pytest_asyncio.fixture
async def world(unsound: World) -> AsyncIterator[World]:
    yield unsound
    await unsound.settle()
    await unsound.audit()


async def refuse(world: World) -> None:
    """The gateway refuses the next refund for good."""
    await world.sandbox.add_fault(world.account, "payments.refund", "http-400", description="Not possible")


async def failed(world: World, payment_id: str, amount: int) -> Json:
    await refuse(world)
    made: Json = (await world.refund(payment_id, amount, "failed")).json()
    await world.settle()
    return made


async def by_hand(world: World, refund_id: str) -> httpx.Response:
    said = {"method": "cash", "reference": "", "reason_code": "refund-failed"}
    return await world.ask(
        "POST", f"/api/v1/payments/refunds/{refund_id}/handed-back", f"admin:{ADMIN}", said
    )


async def lose(world: World, attempt: str, amount: int) -> None:
    """A dispute about `amount` is opened and lost."""
    dispute = await world.sandbox.dispute(attempt, amount=amount)
    await tell(world)
    await world.sandbox.decide_dispute(dispute["id"], "lost")
    await tell(world)


async def tell(world: World) -> None:
    await world.deliver_all([one for one in await world.webhooks() if "dispute" in one["body"]])
    await world.settle()
    await world.db.execute("UPDATE disputes SET next_at = niyat_now() WHERE decided_at IS NULL")
    await world.settle()


async def found(world: World) -> set[str]:
    conn = await asyncpg.connect(world.audit_url)
    try:
        return {
            check.name for check in CHECKS if await conn.fetch(check.sql, *([0] if "$1" in check.sql else []))
        }
    finally:
        await conn.close()


async def refunds(world: World, payment_id: str) -> list[Any]:
    return sorted((one["status"], one["amount"]) for one in (await world.payment(payment_id))["refunds"])


async def test_a_part_that_was_asked_for_anew_is_not_paid_by_hand_as_well(world: World) -> None:
    _, begun, _ = await paid(world)
    refund = await failed(world, begun["payment_id"], 20_000)
    assert (await world.refund(begun["payment_id"], 20_000, "again")).status_code == 201
    answer = await by_hand(world, refund["refund_id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "refund-exceeds-captured")
    assert answer.json()["refundable"] == 0
    await world.settle()
    assert "cash" not in await world.ledger()
    assert (await world.sandbox.books(world.account)).refunded == 20_000


async def test_what_a_cancellation_gave_back_of_a_failed_refund_is_not_paid_by_hand_as_well(
    world: World,
) -> None:
    visit, begun, _ = await paid(world)
    await refuse(world)
    await world.tell(world.moved(visit, 40_000))
    await world.settle()
    ((refund),) = (await world.payment(begun["payment_id"]))["refunds"]
    await world.cancel(visit, owed_back=20_000)
    await world.settle()
    assert await refunds(world, begun["payment_id"]) == [("failed", 10_000), ("processed", 30_000)]
    assert (await by_hand(world, refund["refund_id"])).json()["code"] == "refund-exceeds-captured"
    ledger = await world.ledger()
    assert ("cash" in ledger, ledger["doctor_payable"]) == (False, -20_000)


@pytest.mark.parametrize("how", ["anew", "by-hand"])
async def test_a_refund_that_failed_and_was_given_back_costs_the_doctor_nothing_more(
    world: World, how: str
) -> None:
    visit, begun, _ = await paid(world)
    refund = await failed(world, begun["payment_id"], 10_000)
    if how == "anew":
        await world.refund(begun["payment_id"], 10_000, "again")
        await world.settle()
    else:
        assert (await by_hand(world, refund["refund_id"])).status_code == 200
    await world.complete(visit)
    ledger = await world.ledger()
    assert (ledger["doctor_payable"], "patient_deposit" in ledger) == (-40_000, False)


@pytest.mark.parametrize("taken", [PRICE, 20_000])
async def test_what_a_lost_dispute_gave_of_a_failed_refund_is_not_paid_by_hand_as_well(
    world: World, taken: int
) -> None:
    _, begun, attempt = await paid(world)
    refund = await failed(world, begun["payment_id"], PRICE)
    await lose(world, attempt, taken)
    assert await refunds(world, begun["payment_id"]) == [("failed", PRICE), ("processed", taken)]
    answer = await by_hand(world, refund["refund_id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "refund-exceeds-captured")
    assert answer.json()["refundable"] == PRICE - taken
    ledger = await world.ledger()
    assert not {"cash", "chargeback_loss"} & set(ledger)
    assert -ledger.get("refund_owed", 0) == PRICE - taken
    if taken < PRICE:
        assert (await world.refund(begun["payment_id"], PRICE - taken, "rest")).status_code == 201
        await world.settle()
        assert (await world.sandbox.books(world.account)).refunded == PRICE - taken


async def test_a_refund_that_fails_after_its_dispute_was_lost_was_given_by_the_dispute(world: World) -> None:
    _, begun, attempt = await paid(world)
    await world.refund(begun["payment_id"], PRICE, "k")
    await world.settle()
    await lose(world, attempt, PRICE)
    assert (await world.ledger())["chargeback_loss"] == PRICE
    (refund,) = (await world.sandbox.books(world.account)).refunds
    await world.sandbox.fail_refund(refund["id"])
    await world.deliver_all()
    await world.settle()
    assert await refunds(world, begun["payment_id"]) == [("failed", PRICE), ("processed", PRICE)]
    assert not {"refund_owed", "chargeback_loss"} & set(await world.ledger())
    assert not await world.db.fetch("SELECT * FROM double_losses")


async def test_a_refund_that_arrives_after_it_was_paid_by_hand_is_recorded_and_named(unsound: World) -> None:
    world = unsound
    _, begun, attempt = await paid(world)
    refund = await failed(world, begun["payment_id"], PRICE)
    assert (await by_hand(world, refund["refund_id"])).status_code == 200
    fact: Any = await world.parts.gateway.refund(UUID(refund["refund_id"]), attempt, PRICE)
    fact = RefundFact(
        fact.gateway_refund_id, attempt, PRICE, "INR", RefundStatus.PROCESSED, fact.our_refund_id
    )
    await world.db.run(lambda conn: record_refund(conn, fact, source="webhook"))
    await world.settle()
    shown = await world.payment(begun["payment_id"])
    assert (shown["status"], shown["refunded_amount"]) == ("refunded", PRICE)
    assert await refunds(world, begun["payment_id"]) == [("processed", PRICE)] * 2
    assert (
        {"refunds-at-most-captured"} <= await found(world) <= {"refunds-at-most-captured", "no-doctor-owes"}
    )


async def test_a_dashboard_refund_after_one_by_hand_is_recorded_and_named(unsound: World) -> None:
    world = unsound
    _, begun, attempt = await paid(world)
    refund = await failed(world, begun["payment_id"], PRICE)
    assert (await by_hand(world, refund["refund_id"])).status_code == 200
    await world.sandbox.refund_in_dashboard(attempt, PRICE)
    await world.deliver_all()
    await world.settle()
    assert not await world.db.fetch("SELECT type, last_error FROM webhook_events WHERE status <> 'done'")
    assert await refunds(world, begun["payment_id"]) == [("failed", PRICE)] + [("processed", PRICE)] * 2
    assert (
        {"refunds-at-most-captured"} <= await found(world) <= {"refunds-at-most-captured", "no-doctor-owes"}
    )


async def test_what_was_paid_by_hand_hides_nothing_that_went_back_at_the_gateway(world: World) -> None:
    _, begun, _ = await paid(world)
    refund = await failed(world, begun["payment_id"], 20_000)
    assert (await by_hand(world, refund["refund_id"])).status_code == 200
    await world.settle()
    await world.db.execute("UPDATE payment_attempts SET gateway_refunded = 20000")
    assert await found(world) == {"what-went-back-is-known"}
    answer = await world.refund(begun["payment_id"], 10_001, "more")
    assert (answer.status_code, answer.json()["refundable"]) == (409, 10_000)
    await world.db.execute("UPDATE payment_attempts SET gateway_refunded = 0")


async def test_what_is_refunded_beside_a_lost_dispute_is_sent_in_full(world: World) -> None:
    _, begun, attempt = await paid(world)
    await lose(world, attempt, 20_000)
    assert (await world.refund(begun["payment_id"], PRICE - 20_000, "rest")).status_code == 201
    await world.settle()
    assert await refunds(world, begun["payment_id"]) == [("processed", PRICE - 20_000)]
    books = await world.sandbox.books(world.account)
    assert (books.refunded, books.deducted) == (PRICE - 20_000, 20_000)
