from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from niyat.kernel.ids import new_id
from tests.integration.appointments.world import Json, Person, World, put_status, together


async def seen_early(world: World) -> tuple[Json, Person, Json, UUID]:
    """A visit completed five minutes after its start, and a slot of another grid over the rest of its time."""
    doctor, me = await world.doctor()
    held = await world.paid(world.patient(), await world.slot(doctor))
    other: UUID = await world.db.fetchval(
        "INSERT INTO available_slots (doctor_id, doctor_key, starts_at, ends_at, consultation_types)"
        " SELECT doctor_id, doctor_key, starts_at + interval '30 min', ends_at, '{VIDEO}'"
        " FROM appointments WHERE id = $1 RETURNING id",
        UUID(held["appointment_id"]),
    )
    await world.move_to(datetime.fromisoformat(held["starts_at"]) + timedelta(minutes=5))
    return doctor, me, held, other


async def test_a_visit_is_completed_once_its_time_has_come(world: World) -> None:
    _, held = await world.confirmed(new_id())
    assert (await put_status(world.admin, held, "completed"))[1]["code"] == "not-started"
    await world.move(days=4)
    status, shown = await put_status(world.admin, held, "completed", prefix="")
    assert (status, shown["status"]) == (200, "completed")
    assert await world.slot_status(held) == "booked"
    assert (await put_status(world.admin, held, "no-show"))[1]["code"] == "illegal-move"


async def test_a_completion_that_is_repeated_answers_the_same_and_happens_once(world: World) -> None:
    _, held = await world.confirmed(new_id())
    await world.move(days=4)
    answers = await together(*(put_status(world.admin, held, "completed", key="k") for _ in range(3)))
    answers.append(await put_status(world.admin, held, "completed"))
    assert answers == [answers[0]] * 4
    assert answers[0][0] == 200
    assert (await world.told(held)).count("APPOINTMENT_COMPLETED") == 1
    reused = await put_status(world.admin, held, "cancelled", key="k")
    assert reused[1]["code"] == "idempotency-key-reused"


async def test_time_that_a_visit_used_is_not_sold_again_when_it_ends_early(world: World) -> None:
    doctor, me, held, other = await seen_early(world)
    assert (await put_status(me, held, "completed"))[0] == 200
    shown = await world.slots(doctor)
    assert str(other) not in [slot["slot_id"] for slot in shown]
    wish = {"slot_id": str(other), "consultation_type": "VIDEO"}
    answer = await world.patient().ask("POST", "/api/v1/appointments/reserve", wish)
    assert (answer.status_code, answer.json()["code"]) == (409, "slot-taken")


async def test_a_reservation_that_waited_for_the_completion_does_not_get_its_time(world: World) -> None:
    _, me, held, other = await seen_early(world)
    wish = {"slot_id": str(other), "consultation_type": "VIDEO"}
    wishes = [world.patient().ask("POST", "/api/v1/appointments/reserve", wish) for _ in range(8)]
    answers = await together(put_status(me, held, "completed"), *wishes)
    assert answers[0][0] == 200
    assert {answer.status_code for answer in answers[1:]} == {409}


async def test_late_money_does_not_take_time_that_a_completed_visit_used(world: World) -> None:
    doctor, me = await world.doctor()
    slot = await world.slot(doctor)
    later: UUID = await world.db.fetchval(
        "INSERT INTO available_slots (doctor_id, doctor_key, starts_at, ends_at, consultation_types)"
        " SELECT doctor_id, doctor_key, starts_at + interval '30 min', ends_at, consultation_types"
        " FROM available_slots WHERE id = $1 RETURNING id",
        UUID(slot["slot_id"]),
    )
    late = await world.reserve(world.patient(), {"slot_id": str(later)})
    await world.move(minutes=10)
    await world.expire()
    held = await world.paid(world.patient(), slot)
    await world.move_to(datetime.fromisoformat(held["starts_at"]) + timedelta(minutes=5))
    await put_status(me, held, "completed")
    assert await world.secure(late, new_id()) == "gone"
