from __future__ import annotations

from uuid import uuid4

from niyat.kernel.ids import new_id
from tests.integration.appointments.world import Json, World


async def refused(world: World, held: Json, account_id: object) -> tuple[int, str]:
    path = f"/internal/appointments/{held['appointment_id']}/payment-started"
    answer = await world.payments.ask("POST", path, {"account_id": str(account_id)})
    return answer.status_code, answer.json()["code"]


async def test_a_payment_that_begins_is_told_the_price_and_until_when(world: World) -> None:
    who, held = await world.held()
    quotes = [await world.internal(held, "payment-started", {"account_id": str(who.id)}) for _ in range(2)]
    assert quotes[0] == quotes[1]
    assert quotes[0] == {name: held[name] for name in quotes[0]} | {"status": "pending-payment"}
    assert {"amount", "currency", "policy", "hold_expires_at", "starts_at", "time_zone"} <= quotes[0].keys()


async def test_no_payment_begins_where_none_may(world: World) -> None:
    who, held = await world.started()
    assert await refused(world, held, uuid4()) == (404, "appointment-not-found")
    await world.move(minutes=6)
    assert await refused(world, held, who.id) == (409, "hold-lapsed")
    await world.expire()
    assert await refused(world, held, who.id) == (409, "hold-lapsed")
    who, held = await world.secured(payment := new_id())
    assert await refused(world, held, who.id) == (409, "already-paid")
    await world.captured(held, payment)
    assert await refused(world, held, who.id) == (409, "already-paid")
    await who.call("POST", f"/api/v1/appointments/{held['appointment_id']}/cancel")
    assert await refused(world, held, who.id) == (409, "appointment-cancelled")
    who, held = await world.held(fee_amount=0)
    assert await refused(world, held, who.id) == (409, "no-payment-needed")
