"""Finding a doctor: by words, by when they are free, and what there is to search by."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.integration.appointments.world import World

DOCTORS = "/api/v1/doctors"


async def test_a_search_by_first_free_time_leaves_out_who_is_free_later_or_never(world: World) -> None:
    soon, _ = await world.doctor()
    late, _ = await world.doctor(minimum_notice_minutes=3 * 24 * 60)
    never, _ = await world.doctor(minimum_notice_minutes=3 * 24 * 60, maximum_advance_days=1)
    found = (await world.nobody.call("GET", DOCTORS))["items"]
    free = {one["doctor_id"]: one["first_free_at"] for one in found}
    assert free.keys() == {one["doctor_id"] for one in (soon, late, never)}

    async def before(moment: str) -> set[str]:
        page = await world.nobody.call("GET", DOCTORS, params={"free_before": moment})
        return {one["doctor_id"] for one in page["items"]}

    first, second = free[soon["doctor_id"]], free[late["doctor_id"]]
    just_after = (datetime.fromisoformat(second) + timedelta(minutes=1)).isoformat()
    assert await before(first) == set()
    assert await before(second) == {soon["doctor_id"]}
    assert await before(just_after) == {soon["doctor_id"], late["doctor_id"]}
    answer = await world.nobody.ask("GET", DOCTORS, params={"free_before": "soon"})
    assert answer.status_code == 422


async def test_what_can_be_searched_by_is_what_the_listed_doctors_have(world: World) -> None:
    await world.doctor(specialty="Dermatology", languages=["hi", "en"])
    await world.doctor(specialty="Cardiology", languages=["ta", "en"])
    assert await world.nobody.call("GET", f"{DOCTORS}/choices") == {
        "specialties": ["Cardiology", "Dermatology"],
        "languages": ["en", "hi", "ta"],
    }


async def test_an_appointment_tells_its_moves_from_the_first_answer_on(world: World) -> None:
    who, held = await world.held()
    assert held["history"] == [{"from_status": None, "to_status": "reserved", "at": held["created_at"]}]
    cancelled = await who.call("POST", f"/api/v1/appointments/{held['appointment_id']}/cancel", {})
    moves = [(move["from_status"], move["to_status"]) for move in cancelled["history"]]
    assert moves == [(None, "reserved"), ("reserved", "cancelled")]
    assert cancelled["history"][0] == held["history"][0]
