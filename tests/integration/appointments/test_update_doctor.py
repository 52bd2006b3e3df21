from __future__ import annotations

from typing import Any

from tests.integration.appointments.world import WHY, Json, World

VIDEO = {"consultation_type": "VIDEO", "fee_amount": 70_000, "slot_minutes": 90}


def path(doctor: Json) -> str:
    return f"/api/v1/doctors/{doctor['doctor_id']}"


async def test_a_changed_offer_changes_free_times_at_once_and_leaves_booked_ones_as_they_were(
    world: World,
) -> None:
    doctor, me = await world.doctor()
    slots = await world.slots(doctor)
    who = world.patient()
    held = await world.reserve(who, slots[30])
    changed = await me.call("PATCH", path(doctor), {"consultations": [VIDEO]})
    assert changed["consultation_types"] == ["VIDEO"]
    assert (changed["fee_amount"], changed["slot_minutes"]) == (70_000, 90)
    again = await world.get(held)
    assert (again["amount"], again["starts_at"], again["ends_at"]) == (
        50_000,
        held["starts_at"],
        held["ends_at"],
    )
    assert again["status"] == "reserved"
    fresh = await world.slots(doctor)
    assert fresh
    assert all(slot["consultation_types"] == ["VIDEO"] for slot in fresh)
    assert not {slot["slot_id"] for slot in slots} & {slot["slot_id"] for slot in fresh}
    for slot in fresh[:25]:
        assert (await world.reserve(world.patient(), slot))["amount"] == 70_000


async def test_a_price_alone_keeps_every_slot(world: World) -> None:
    doctor, me = await world.doctor(consultation_types=["VIDEO"])
    before = await world.slots(doctor)
    await me.call("PATCH", path(doctor), {"consultations": [VIDEO | {"slot_minutes": 60}]})
    assert await world.slots(doctor) == before


async def test_who_the_doctor_is_and_whether_they_are_listed_is_the_clinics_to_say(world: World) -> None:
    doctor, me = await world.doctor()
    slots = await world.slots(doctor)
    assert (await me.call("PATCH", path(doctor), {"bio": "Hearts."}))["bio"] == "Hearts."
    for change in ({"name": "Dr Else"}, {"registration_number": "1"}, {"active": False}, {"specialty": "X"}):
        answer = await me.ask("PATCH", path(doctor), change)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    gone = await world.admin.call("PATCH", path(doctor), {"active": False, "reason": WHY})
    assert (gone["active"], gone["first_free_at"]) == (False, None)
    refused = await world.patient().ask(
        "POST",
        "/api/v1/appointments/reserve",
        {"slot_id": slots[0]["slot_id"], "consultation_type": "VIDEO"},
    )
    assert refused.json()["code"] == "slot-not-found"
    back = await world.admin.call("PATCH", path(doctor), {"active": True, "reason": WHY})
    assert back["first_free_at"] is not None
    assert len(await world.slots(doctor)) == len(slots)


async def test_a_change_is_refused_with_the_reason(world: World) -> None:
    doctor, me = await world.doctor()
    _, other = await world.doctor()

    async def code(by: Any, body: Json, of: Json = doctor) -> tuple[int, str]:
        answer = await by.ask("PATCH", path(of), body)
        return answer.status_code, answer.json()["code"]

    assert await code(other, {"bio": "x"}) == (403, "forbidden")
    assert await code(world.patient(), {"bio": "x"}) == (403, "forbidden")
    assert await code(world.nobody, {"bio": "x"}) == (401, "unauthenticated")
    assert await code(world.admin, {"bio": "x"}) == (422, "reason-required")
    assert await code(me, {"consultations": []}) == (422, "invalid-request")
    assert await code(me, {"consultations": [VIDEO, VIDEO]}) == (422, "invalid-request")
    unknown = {"doctor_id": "00000000-0000-7000-8000-000000000000"}
    assert await code(world.admin, {"bio": "x", "reason": WHY}, unknown) == (404, "doctor-not-found")


async def test_hours_are_refused_for_what_the_doctor_does_not_offer_and_where_the_clinic_is_not(
    world: World,
) -> None:
    doctor, me = await world.doctor()
    elsewhere, _ = await world.doctor()
    theirs = await world.admin.call(
        "POST", f"/api/v1/clinics/{elsewhere['clinic_id']}/places", {"name": "Theirs", "reason": WHY}
    )
    window = {"weekday": 1, "start_time": "09:00", "end_time": "10:00"}
    for more, expected in (
        ({"consultation_types": ["AUDIO"]}, (409, "consultation-type-not-offered")),
        ({"place_id": theirs["place_id"]}, (404, "place-not-found")),
    ):
        body = {"doctor_id": doctor["doctor_id"], "hours": [window | more]}
        answer = await me.ask("POST", "/api/v1/availability/weekly", body)
        assert (answer.status_code, answer.json()["code"]) == expected
    assert await world.slots(doctor)
