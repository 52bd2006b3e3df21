"""The gateway is away: nobody waits for it, what was not asked about is not counted, and all ends well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from niyat.payments.adapters.breaker import IN_A_ROW, LONGEST_SECONDS
from tests.support.payers import PAYING, Payer
from tests.support.payments_appointments import PRICE
from tests.support.payments_world import World
from tests.support.sandbox import Json

MANY = 1000
TURNS = {
    "payment_transactions": "poll_at",
    "payment_attempts": "import_at",
    "refunds": "next_at",
    "gateway_lists": "next_at",
}
"""Which rows wait for the gateway, and what says when."""


@pytest.fixture
def settings() -> Json:
    return {"capture": "manual", **PAYING}


async def goes_away(world: World) -> int:
    """From now on every call fails, and that is known; how many calls that took."""
    await world.sandbox.add_fault(world.account, "*", "http-502-html", times=MANY)
    for _ in range(IN_A_ROW):
        await world.parts.gateway.fetch_payment("pay_" + "0" * 14)
    return await world.sandbox.faults_left(world.account)


async def comes_back(world: World) -> None:
    await world.sandbox.clear_faults(world.account)
    await world.move(seconds=LONGEST_SECONDS)


async def all_due(world: World) -> None:
    for table, column in TURNS.items():
        await world.db.execute(f"UPDATE {table} SET {column} = niyat_now()")


async def turns(world: World) -> Sequence[Sequence[Any]]:
    """What every row that waits for the gateway says of its tries and its turn."""
    return [await world.db.fetch(f"SELECT * FROM {table} ORDER BY 1") for table in TURNS]


async def jobs(world: World) -> None:
    for job in world.service.jobs:
        await job.run()


@pytest.mark.failure_row(38)
async def test_who_wants_to_pay_is_told_at_once_when_to_come_back_and_nothing_was_asked(world: World) -> None:
    visit = world.visit()
    left = await goes_away(world)
    path, body = "/api/v1/payments/initiate", {"appointment_id": str(visit.appointment_id)}
    answer = await world.ask("POST", path, f"patient:{visit.patient_id}", body)
    assert (answer.status_code, answer.json()["code"]) == (503, "service-unavailable")
    rest = world.parts.gateway.breaker.rest_seconds
    assert rest <= int(answer.headers["retry-after"]) < rest + 1
    assert await world.db.fetchval("SELECT order_asked_at FROM payment_transactions") is None
    assert await world.sandbox.faults_left(world.account) == left
    await comes_back(world)
    begun = await world.initiate(visit)
    orders = (await world.sandbox.books(world.account)).orders
    assert [order["id"] for order in orders] == [begun["order_id"]]


@pytest.mark.failure_row(38)
async def test_what_was_not_asked_about_is_not_counted_and_goes_on_as_soon_as_it_answers(
    world: World,
) -> None:
    refunded, unpaid, authorized = world.visit(), world.visit(), world.visit()
    begun = {visit.appointment_id: await world.initiate(visit) for visit in (refunded, unpaid, authorized)}
    kept, wanted = begun[refunded.appointment_id], begun[authorized.appointment_id]
    await world.verify(refunded, await world.sandbox.pay(kept["order_id"]))
    await world.settle()
    left = await goes_away(world)
    await world.refund(kept["payment_id"], PRICE, "k")
    await world.sandbox.pay(wanted["order_id"])
    await world.deliver_all()
    await world.settle()
    assert str(authorized.secured_by) == wanted["payment_id"]  # time is ours to secure meanwhile
    waiting = await world.db.fetchrow(
        "SELECT step, tries, capture_asked_at FROM payment_attempts WHERE step <> 'kept'"
    )
    assert tuple(waiting or ()) == ("capturing", 0, None)
    await all_due(world)
    before = await turns(world)
    await jobs(world)
    assert await turns(world) == before
    assert await world.sandbox.faults_left(world.account) == left
    await comes_back(world)
    await world.settle()
    assert authorized.status == "confirmed"
    assert (await world.payment(kept["payment_id"]))["status"] == "refunded"
    books = await world.sandbox.books(world.account)
    assert (books.captured, books.refunded, books.count("payment.captured")) == (2 * PRICE, PRICE, 2)


@pytest.mark.failure_row(38)
async def test_in_a_long_outage_each_turn_asks_once(world: World) -> None:
    for _ in range(4):
        await world.initiate(world.visit())
    left = await goes_away(world)
    for _ in range(10):
        await world.move(seconds=LONGEST_SECONDS)
        await all_due(world)
        await jobs(world)
    assert left - await world.sandbox.faults_left(world.account) == 10
    await comes_back(world)


async def test_doctors_are_paid_while_only_payments_are_away(world: World) -> None:
    payer = Payer(world)
    payout_id = await payer.approved(await payer.doctor())
    await goes_away(world)
    await world.sandbox.clear_faults(world.account)
    await world.settle()
    assert world.parts.gateway.breaker.rest_seconds > 0
    assert (await payer.payout(payout_id))["gateway_payout_id"] is not None
    await comes_back(world)
    await payer.settled()
