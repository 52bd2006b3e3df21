from __future__ import annotations

from niyat.kernel.ids import new_id
from tests.integration.appointments.world import Json, Person, World, together


async def confirm(who: Person, held: Json, **more: str) -> tuple[int, Json]:
    answer = await who.ask("POST", f"/api/v1/appointments/{held['appointment_id']}/confirm", {}, **more)
    return answer.status_code, answer.json()


async def test_a_free_visit_is_confirmed_by_its_patient(world: World) -> None:
    who, held = await world.held(fee_amount=0)
    first = await confirm(who, held, key="k")
    assert first[0] == 200
    assert (first[1]["status"], first[1]["payment"]) == ("confirmed", None)
    assert await confirm(who, held, key="k") == first
    assert (await confirm(who, held))[0] == 200
    assert await world.slot_status(held) == "booked"
    assert await world.told(held) == ["APPOINTMENT_RESERVED", "APPOINTMENT_CONFIRMED"]


async def test_a_paid_visit_is_not_confirmed_without_its_payment(world: World) -> None:
    who, held = await world.started()
    status, problem = await confirm(who, held)
    assert (status, problem["code"]) == (409, "payment-required")


async def test_a_visit_that_is_over_is_not_confirmed(world: World) -> None:
    who, held = await world.held(fee_amount=0)
    await world.move(minutes=5)
    assert (await confirm(who, held))[1]["code"] == "hold-lapsed"
    await world.expire()
    assert (await confirm(who, held))[1]["code"] == "hold-lapsed"


async def test_nobody_confirms_a_strangers_visit(world: World) -> None:
    _, held = await world.held(fee_amount=0)
    assert (await confirm(world.patient(), held))[1]["code"] == "appointment-not-found"


async def test_a_captured_payment_confirms_once(world: World) -> None:
    payment = new_id()
    _, held = await world.secured(payment)
    outcomes = await together(*(world.captured(held, payment) for _ in range(5)))
    assert outcomes == [{"outcome": "confirmed", "amount_owed_back": 0}] * 5
    assert await world.told(held) == ["APPOINTMENT_RESERVED", "APPOINTMENT_CONFIRMED"]
