"""What a capture call may still do decides what the gateway's `authorized` means."""

from __future__ import annotations

import pytest

from niyat.payments.commands.advance import advance
from tests.support.payments_world import World
from tests.support.sandbox import Json

NOW = "UPDATE payment_attempts SET next_at = niyat_now()"
ASKED = "SELECT capture_asked_at FROM payment_attempts"


@pytest.fixture
def settings() -> Json:
    return {"capture": "manual"}


async def test_authorized_is_no_answer_while_a_capture_may_be_on_its_way(world: World) -> None:
    visit = world.visit()
    paid = await world.sandbox.pay((await world.initiate(visit))["order_id"])
    await world.sandbox.add_fault(world.account, "payments.capture", "lose-request")
    await world.verify(visit, paid)
    asked = await world.db.fetchval(ASKED)
    await world.db.execute(NOW)
    await advance(world.parts, paid["razorpay_payment_id"])
    assert await world.db.fetchval(ASKED) == asked is not None
    await world.move(seconds=world.parts.settings.longest_call_seconds + 1)
    await world.db.execute(NOW)
    await advance(world.parts, paid["razorpay_payment_id"])
    await world.settle()
    assert visit.status == "confirmed"


@pytest.mark.failure_row(34)
async def test_a_worker_whose_lease_was_taken_leaves_the_attempt_alone(world: World) -> None:
    visit = world.visit()
    paid = await world.sandbox.pay((await world.initiate(visit))["order_id"])
    secure = world.appointments.secure

    async def overtaken(*args: object, **more: object) -> object:
        world.appointments.secure = secure  # type: ignore[method-assign]
        answer = await secure(*args, **more)  # type: ignore[arg-type]
        await world.db.execute("UPDATE payment_attempts SET next_at = niyat_now() + interval '1 hour'")
        return answer

    world.appointments.secure = overtaken  # type: ignore[method-assign, assignment]
    await world.verify(visit, paid)
    assert await world.db.fetchval("SELECT step FROM payment_attempts") == "capturing"
    assert await world.db.fetchval(ASKED) is None
    await world.db.execute(NOW)
