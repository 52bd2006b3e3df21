from __future__ import annotations

from datetime import datetime, timedelta

from tests.integration.appointments.world import Json, Person, World


async def late(who: Person, held: Json, minutes: int) -> tuple[int, Json]:
    path = f"/api/v1/appointments/{held['appointment_id']}/running-late"
    answer = await who.ask("POST", path, {"minutes": minutes})
    return answer.status_code, answer.json()


async def test_a_late_doctor_says_when_the_visit_will_begin_and_takes_it_back(world: World) -> None:
    doctor, me = await world.doctor()
    who = world.patient()
    held = await world.paid(who, await world.slot(doctor))
    start = datetime.fromisoformat(held["starts_at"])
    first = await late(me, held, 20)
    assert datetime.fromisoformat(first[1]["expected_at"]) == start + timedelta(minutes=20)
    assert (first[1]["starts_at"], first[1]["status"]) == (held["starts_at"], "confirmed")
    assert await late(me, held, 20) == first
    assert (await late(who, held, 20))[0] == 403
    assert (await late(me, held, 481))[0] == 422
    assert (await late(me, held, 0))[1]["expected_at"] is None
    await who.call("POST", f"/api/v1/appointments/{held['appointment_id']}/cancel")
    assert (await late(me, held, 20))[1]["code"] == "appointment-cancelled"


async def test_a_visit_that_moves_is_neither_late_nor_checked_in_any_more(world: World) -> None:
    doctor, me = await world.doctor()
    held = await world.paid(world.patient(), await world.slot(doctor))
    path = f"/api/v1/appointments/{held['appointment_id']}"
    await late(me, held, 20)
    await me.call("POST", f"{path}/check-in")
    slot = (await world.slots(doctor))[-1]
    moved = await me.call("POST", f"{path}/reschedule", {"slot_id": slot["slot_id"]})
    assert (moved["expected_at"], moved["checked_in_at"]) == (None, None)
