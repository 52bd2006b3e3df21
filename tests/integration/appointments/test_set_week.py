from __future__ import annotations

from datetime import datetime

from tests.integration.appointments.world import World, together


async def test_a_changed_week_moves_free_slots_and_leaves_booked_ones(world: World) -> None:
    doctor, me = await world.doctor()
    slots = await world.slots(doctor)
    held = await world.reserve(world.patient(), slots[30])
    week = {
        "doctor_id": doctor["doctor_id"],
        "hours": [{"weekday": 1, "start_time": "09:00", "end_time": "11:00"}],
    }
    await me.call("POST", "/api/v1/availability/weekly", week)
    shown = await world.slots(doctor)
    assert {datetime.fromisoformat(slot["starts_at"]).hour for slot in shown} <= {9, 10}
    assert await world.slot_status(held) == "held"
    assert (await world.get(held))["starts_at"] == slots[30]["starts_at"]
    hours = (await world.nobody.call("GET", f"/api/v1/availability/doctors/{doctor['doctor_id']}"))["hours"]
    assert hours == [week["hours"][0] | {"consultation_types": None, "place_id": None}]


async def test_changing_the_week_while_patients_book_loses_nothing(world: World) -> None:
    doctor, me = await world.doctor()
    slots = await world.slots(doctor)
    week = {"doctor_id": doctor["doctor_id"], "hours": []}
    wishes = [
        world.patient().ask(
            "POST", "/api/v1/appointments/reserve", {"slot_id": slot["slot_id"], "consultation_type": "VIDEO"}
        )
        for slot in slots[:30]
    ]
    answers = await together(*wishes[:15], me.ask("POST", "/api/v1/availability/weekly", week), *wishes[15:])
    assert {answer.status_code for answer in answers} <= {200, 201, 404, 409}
    held = await world.db.fetchval("SELECT count(*) FROM available_slots WHERE status = 'held'")
    assert held == sum(answer.status_code == 201 for answer in answers)
    assert await world.slots(doctor) == []


async def test_windows_of_one_day_that_overlap_are_refused(world: World) -> None:
    doctor, me = await world.doctor()
    overlap = [
        {"weekday": 1, "start_time": "09:00", "end_time": "12:00"},
        {"weekday": 1, "start_time": "11:00", "end_time": "13:00"},
    ]
    answer = await me.ask(
        "POST", "/api/v1/availability/weekly", {"doctor_id": doctor["doctor_id"], "hours": overlap}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "hours-overlap")
    assert await world.slots(doctor)
