from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.integration.appointments.world import Json, World

FIND = "/api/v1/availability/slots"


async def clinic(world: World) -> Json:
    """Four doctors: two hearts seen from 10:00 and from 14:00 UTC, a skin seen from 12:00, and one never seen."""
    made = {}
    for name, specialty, begin in (
        ("Asha", "Cardiology", "10:00"),
        ("Bela", "cardiology", "14:00"),
        ("Chitra", "Dermatology", "12:00"),
        ("Devi", "Dermatology", None),
    ):
        hours = [{"weekday": day, "start_time": begin, "end_time": "16:00"} for day in range(1, 8)]
        made[name], _ = await world.doctor(name=name, specialty=specialty, hours=hours if begin else None)
        if not begin:
            await world.admin.call(
                "PATCH",
                f"/api/v1/doctors/{made[name]['doctor_id']}",
                {
                    "consultations": [
                        {"consultation_type": "AUDIO", "fee_amount": 1, "minimum_notice_minutes": 43200}
                    ],
                    "reason": "A test needs it",
                },
            )
    return made


async def pages(world: World, path: str, **params: Any) -> list[Json]:
    """Everything, page by page."""
    found: list[Json] = []
    while True:
        page = await world.nobody.call("GET", path, params=params)
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        assert len(page["items"]) == params["limit"]
        params["cursor"] = page["next_cursor"]


async def tomorrow(world: World) -> str:
    return str((await world.now()).date() + timedelta(days=1))


async def test_free_times_of_a_specialty_come_from_all_its_doctors_first_available_first(
    world: World,
) -> None:
    await clinic(world)
    day = await tomorrow(world)
    found = await pages(world, FIND, specialty="Cardiology", limit=3, **{"from": day, "to": day})
    seen = [(slot["doctor_name"], datetime.fromisoformat(slot["starts_at"]).hour) for slot in found]
    assert sorted(seen) == [("Asha", hour) for hour in range(10, 16)] + [("Bela", 14), ("Bela", 15)]
    assert [hour for _, hour in seen] == sorted(hour for _, hour in seen)
    assert len({slot["slot_id"] for slot in found}) == len(found)


@pytest.mark.parametrize("limit", [1, 2, 7])
async def test_doctors_come_by_who_can_be_seen_first(world: World, limit: int) -> None:
    await clinic(world)
    await world.move_to((await world.now()).replace(hour=1) + timedelta(days=1))
    found = await pages(world, "/api/v1/doctors", sort="first-free", limit=limit)
    assert [doctor["name"] for doctor in found] == ["Asha", "Chitra", "Bela", "Devi"]
    assert found[-1]["first_free_at"] is None
    assert [doctor["first_free_at"] for doctor in found[:3]] == sorted(
        doctor["first_free_at"] for doctor in found[:3]
    )
    video = await pages(world, "/api/v1/doctors", consultation_type="VIDEO", limit=limit)
    assert [doctor["name"] for doctor in video] == ["Asha", "Bela", "Chitra"]


async def test_a_page_of_one_doctors_times_continues_where_the_last_one_ended(world: World) -> None:
    doctor, _ = await world.doctor()
    path = f"/api/v1/availability/doctors/{doctor['doctor_id']}/slots"
    whole = (await world.nobody.call("GET", path))["items"]
    assert len(whole) > 100
    assert await pages(world, path, limit=50) == whole


async def test_times_are_found_by_place_and_type_and_say_where(world: World) -> None:
    doctor, me = await world.doctor(
        consultation_types=["VIDEO", "IN_PERSON"],
        slot_minutes=30,
        consultations=[{"consultation_type": "VIDEO", "slot_minutes": 20, "fee_amount": 30_000}],
    )
    branch = await world.admin.call(
        "POST",
        f"/api/v1/clinics/{doctor['clinic_id']}/places",
        {"name": "Branch", "address": "2 Road", "reason": "It opened"},
    )
    day = await tomorrow(world)
    windows: list[Json] = [
        {"start_time": "09:00", "end_time": "10:00"},
        {"start_time": "11:00", "end_time": "12:00", "place_id": branch["place_id"]},
        {"start_time": "13:00", "end_time": "14:00", "consultation_types": ["VIDEO"]},
    ]
    hours = [{"weekday": weekday, **window} for window in windows for weekday in range(1, 8)]
    await me.call("POST", "/api/v1/availability/weekly", {"doctor_id": doctor["doctor_id"], "hours": hours})

    async def found(**params: Any) -> list[tuple[str, str]]:
        slots = await pages(
            world, FIND, doctor_id=doctor["doctor_id"], limit=100, **params, **{"from": day, "to": day}
        )
        return [(slot["starts_at"][11:16], slot["place"]) for slot in slots]

    usual, there = "1 Road", "Branch, 2 Road"
    assert await found(consultation_type="IN_PERSON") == [
        ("09:00", usual),
        ("09:30", usual),
        ("11:00", there),
        ("11:30", there),
    ]
    assert await found(consultation_type="VIDEO", place_id=branch["place_id"]) == [
        ("11:00", there),
        ("11:20", there),
        ("11:40", there),
    ]
    assert [at for at, _ in await found(consultation_type="VIDEO")][-3:] == ["13:00", "13:20", "13:40"]
    slots = await pages(
        world, FIND, place_id=branch["place_id"], consultation_type="IN_PERSON", limit=9, **{"from": day}
    )
    who = world.patient()
    held = await who.call(
        "POST",
        "/api/v1/appointments/reserve",
        {"slot_id": slots[0]["slot_id"], "consultation_type": "IN_PERSON"},
    )
    assert (held["place"], held["place_id"], held["amount"]) == (there, branch["place_id"], 50_000)


async def test_a_day_is_the_viewers_day_and_each_time_is_shown_on_the_viewers_clock(world: World) -> None:
    doctor, _ = await world.doctor(time_zone="Asia/Kolkata")
    day = await tomorrow(world)
    params = {"from": day, "to": day, "time_zone": "America/New_York"}
    found = await pages(world, FIND, doctor_id=doctor["doctor_id"], limit=100, **params)
    assert {slot["local_start"][:10] for slot in found} == {day}
    assert len(found) == 24
    for slot in found:
        assert datetime.fromisoformat(slot["local_start"]) == datetime.fromisoformat(slot["starts_at"])
    own = await pages(world, FIND, doctor_id=doctor["doctor_id"], limit=100, **{"from": day, "to": day})
    assert {slot["local_start"][-6:] for slot in own} == {"+05:30"}


async def test_a_listing_that_cannot_be_is_refused_by_name(world: World) -> None:
    for params in ({"cursor": "x"}, {"limit": 101}, {"time_zone": "Mars/Base"}, {"from": "soon"}):
        answer = await world.nobody.ask("GET", FIND, params=params)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
