"""Who lets go of the place: the last attempt that wants it, and never a newer one's."""

from __future__ import annotations

import pytest

from niyat.payments.commands.advance import advance
from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import World
from tests.support.sandbox import Json

STEPS = "SELECT gateway_payment_id, step FROM payment_attempts"


@pytest.fixture
def settings() -> Json:
    return {"capture": "manual"}


async def steps(world: World) -> dict[str, str]:
    return {row["gateway_payment_id"]: row["step"] for row in await world.db.fetch(STEPS)}


async def drive(world: World) -> None:
    for job in world.service.jobs:
        await job.run()


async def paid_twice(world: World) -> tuple[Visit, str]:
    """A visit and its payment: the capture of one attempt is asked for and lost, the other attempt waits for it."""
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"])
    await world.sandbox.pay(begun["order_id"], force=True)
    await world.sandbox.add_fault(world.account, "payments.capture", "lose-request")
    await world.deliver_all()
    await drive(world)
    return visit, begun["payment_id"]


async def test_a_released_attempt_does_not_unsecure_what_its_sibling_is_capturing(world: World) -> None:
    visit, payment_id = await paid_twice(world)
    before = await steps(world)
    assert sorted(before.values()) == ["capturing", "securing"]
    waiting = next(attempt for attempt, step in before.items() if step == "securing")
    known = {event["id"] for event in await world.webhooks()}
    await world.sandbox.auto_refund(waiting)
    await world.deliver_all([event for event in await world.webhooks() if event["id"] not in known])
    await drive(world)
    await world.pump()
    assert sorted((await steps(world)).values()) == ["capturing", "released"]
    assert "PAYMENT_RELEASED" not in world.told()
    assert str(visit.secured_by) == payment_id
    await world.move(minutes=6)
    await world.settle()
    assert visit.status == "confirmed"


async def test_a_late_release_does_not_undo_a_newer_secure_of_the_same_payment(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    paid = await world.sandbox.pay(begun["order_id"])
    await world.sandbox.add_fault(world.account, "payments.capture", "http-400")
    await world.verify(visit, paid)  # refused for good: the release is told, and not heard yet
    await world.sandbox.capture_in_dashboard(paid["razorpay_payment_id"])
    await world.deliver_all()
    await drive(world)
    await drive(world)
    assert await steps(world) == {paid["razorpay_payment_id"]: "kept"}
    await world.pump()
    assert world.told().index("PAYMENT_RELEASED") < world.told().index("PAYMENT_COMPLETED")
    assert visit.status == "confirmed"
    books = await world.sandbox.books(world.account)
    assert (books.captured, books.refunded) == (PRICE, 0)


async def test_who_waits_for_a_sibling_goes_on_when_it_is_decided(world: World) -> None:
    await paid_twice(world)
    found = await steps(world)
    first = next(attempt for attempt, step in found.items() if step == "capturing")
    later = (
        "UPDATE payment_attempts SET next_at = niyat_now() + interval '14 minutes' WHERE step = 'securing'"
    )
    await world.db.execute(later)
    await world.move(minutes=2)
    await advance(world.parts, first)
    await drive(world)
    assert sorted((await steps(world)).values()) == ["kept", "lapsing"]
    await world.pump()


async def test_after_a_refusal_for_good_the_patient_can_pay_again_with_another_order(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.add_fault(world.account, "payments.capture", "http-400")
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.settle()
    again = await world.initiate(visit)
    assert (again["outcome"], again["order_id"] != begun["order_id"]) == ("payable", True)
    await world.verify(visit, await world.sandbox.pay(again["order_id"]))
    await world.settle()
    assert (visit.status, str(visit.secured_by)) == ("confirmed", again["payment_id"])
