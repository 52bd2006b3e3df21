"""An order that nobody paid is closed when it is a quarter of an hour old; money that comes later is found still."""

from __future__ import annotations

from niyat.payments.commands.poll import poll
from tests.support.payments_world import EITHER_CAPTURE, World

pytestmark = EITHER_CAPTURE


async def is_open(world: World, payment_id: str) -> bool:
    return bool(
        await world.db.fetchval("SELECT open FROM payment_transactions WHERE payment_id = $1", payment_id)
    )


async def test_an_unpaid_order_is_asked_about_and_closed_after_a_quarter_of_an_hour(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    for _ in range(12):
        await world.move(minutes=1)
        await poll(world.parts)
    assert await is_open(world, begun["payment_id"])
    await world.move(minutes=3)
    await poll(world.parts)
    assert not await is_open(world, begun["payment_id"])
    await world.expire(visit, slot_free=True)
    await world.sandbox.pay(begun["order_id"])
    await world.move(hours=1)
    await world.settle()
    assert visit.status == "confirmed"


async def test_an_order_that_somebody_is_paying_stays_open(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"], outcome="pending")
    (attempt,) = (await world.sandbox.books(world.account)).payments
    await world.move(minutes=16)
    await poll(world.parts)
    assert await is_open(world, begun["payment_id"])
    await world.sandbox.authorize_late(attempt["id"])
    await world.move(minutes=10)
    await world.settle()
    assert visit.status == "confirmed"


async def test_an_order_is_closed_only_when_the_gateway_has_answered(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.add_fault(world.account, "orders.payments", "http-500-json")
    await world.move(minutes=16)
    await poll(world.parts)
    assert await is_open(world, begun["payment_id"])
    await world.move(minutes=1)
    await poll(world.parts)
    assert not await is_open(world, begun["payment_id"])
