from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from niyat.appointments.http.shapes import AppointmentView
from tests.integration.appointments.world import Json, Person, World, together

RESERVE = "/api/v1/appointments/reserve"


def wish(slot: Json, kind: str = "VIDEO") -> Json:
    return {"slot_id": slot["slot_id"], "consultation_type": kind}


@pytest.mark.failure_row(57)
async def test_a_reserved_slot_is_held_for_five_minutes_at_the_price_and_terms_of_then(world: World) -> None:
    who, held = await world.held()
    shown = AppointmentView.model_validate(held)
    assert (shown.status, shown.amount, shown.currency, shown.patient_id) == (
        "reserved",
        50_000,
        "INR",
        who.id,
    )
    assert shown.hold_expires_at - shown.created_at == timedelta(minutes=5)
    assert [(tier.hours_before, tier.percent) for tier in shown.policy.tiers] == [(24, 100), (4, 50)]
    assert shown.starts_at.utcoffset() == timedelta(0)
    assert held["starts_at"].endswith("Z")
    assert await world.slot_status(held) == "held"
    assert await world.told(held) == ["APPOINTMENT_RESERVED"]
    assert await who.call("GET", f"/api/v1/appointments/{held['appointment_id']}") == held


@pytest.mark.failure_row(40)
async def test_of_three_hundred_who_want_one_slot_at_once_one_gets_it(world: World) -> None:
    doctor, _ = await world.doctor()
    slot = await world.slot(doctor)
    people = [world.patient() for _ in range(300)]
    answers = await together(*(p.ask("POST", RESERVE, wish(slot), key="k") for p in people))
    assert Counter(a.status_code for a in answers) == {201: 1, 409: 299}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"slot-taken"}
    assert {a.headers["content-type"] for a in answers if a.status_code == 409} == {
        "application/problem+json"
    }


async def test_overlapping_slots_of_different_lengths_are_never_both_booked(world: World) -> None:
    doctor, _ = await world.doctor(buffer_before_minutes=5, buffer_after_minutes=5, slot_minutes=30)
    slots = await other_grids(world, doctor)
    people = [world.patient() for _ in range(4) for _ in slots]
    wanted = [slot for _ in range(4) for slot in slots]
    answers = await together(
        *(
            p.ask("POST", RESERVE, {"slot_id": str(s), "consultation_type": "VIDEO"})
            for p, s in zip(people, wanted, strict=True)
        )
    )
    assert set(Counter(a.status_code for a in answers)) == {201, 409}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"slot-taken"}
    shown = await world.slots(doctor, **{"from": "2000-01-01"})
    for slot in shown[:20]:
        await world.reserve(world.patient(), slot)


async def other_grids(world: World, doctor: Json) -> list[UUID]:
    """Slots of 15, 45 and 50 minutes over the same hours."""
    sql = """
    INSERT INTO available_slots (doctor_id, doctor_key, starts_at, ends_at, consultation_types)
    SELECT d.id, d.doctor_key, t, t + make_interval(mins => m), '{VIDEO}'
    FROM doctors d, unnest(ARRAY[15, 45, 50]) m,
        generate_series(date_trunc('day', niyat_now()) + interval '3 days', date_trunc('day', niyat_now())
            + interval '3 days 6 hours', make_interval(mins => m)) t
    WHERE d.id = $1 RETURNING id
    """
    return [row["id"] for row in await world.db.fetch(sql, UUID(doctor["doctor_id"]))]


@pytest.mark.failure_row(39)
async def test_two_simultaneous_equal_requests_get_the_same_answer(world: World) -> None:
    doctor, _ = await world.doctor()
    slots = (await world.slots(doctor))[:20]
    assert len(slots) == 20
    for slot in slots:
        who = world.patient()
        answers = await together(*(who.ask("POST", RESERVE, wish(slot), key="same") for _ in range(4)))
        assert {a.status_code for a in answers} == {201}
        assert len({a.json()["appointment_id"] for a in answers}) == 1
        assert all(a.json() == answers[0].json() for a in answers)


async def test_one_key_for_two_different_requests_is_refused(world: World) -> None:
    doctor, _ = await world.doctor()
    first, second = (await world.slots(doctor))[:2]
    who = world.patient()
    await who.call("POST", RESERVE, wish(first), key="same")
    again = await who.ask("POST", RESERVE, wish(second), key="same")
    taken = await who.ask("POST", RESERVE, wish(first, "IN_PERSON"), key="same")
    assert [(a.status_code, a.json()["code"]) for a in (again, taken)] == [
        (422, "idempotency-key-reused")
    ] * 2


async def test_one_key_at_once_for_two_slots_books_one(world: World) -> None:
    doctor, _ = await world.doctor()
    slots = (await world.slots(doctor))[:2]
    who = world.patient()
    answers = await together(*(who.ask("POST", RESERVE, wish(slot), key="same") for slot in slots))
    assert sorted(a.status_code for a in answers) == [201, 422]


async def test_every_refusal_says_why(world: World) -> None:
    doctor, _ = await world.doctor(minimum_notice_minutes=600, maximum_advance_days=20)
    free = await world.slot(doctor)
    all_slots = await world.db.fetch("SELECT id FROM available_slots ORDER BY starts_at")
    too_soon, too_far = ({"slot_id": str(all_slots[n]["id"])} for n in (0, -1))
    who = world.patient()

    async def code(slot: Json, kind: str = "VIDEO", by: Person = who) -> tuple[int, str]:
        answer = await by.ask("POST", RESERVE, wish(slot, kind))
        return answer.status_code, answer.json()["code"]

    assert await code({"slot_id": str(uuid4())}) == (404, "slot-not-found")
    assert await code(too_soon) == (409, "notice-too-short")
    assert await code(too_far) == (409, "too-far-ahead")
    assert await code(free, "AUDIO") == (409, "consultation-type-not-offered")
    assert await code({"slot_id": "x"}) == (422, "invalid-request")
    assert await code(free, by=world.nobody) == (401, "unauthenticated")
    assert await code(free, by=world.admin) == (403, "forbidden")
    day = free["starts_at"][:10]
    block = {
        "doctor_id": doctor["doctor_id"],
        "starts_at": f"{day}T00:00:00Z",
        "ends_at": f"{day}T23:59:00Z",
        "reason": "Holidays",
    }
    await world.admin.call("POST", "/api/v1/availability/block", block)
    assert await code(free) == (409, "slot-blocked")


async def test_every_slot_that_is_shown_can_be_reserved(world: World) -> None:
    doctor, _ = await world.doctor(minimum_notice_minutes=90, maximum_advance_days=2, slot_minutes=45)
    shown = await world.slots(doctor)
    assert shown
    for slot in shown:
        await world.reserve(world.patient(), slot)
    assert await world.slots(doctor) == []


async def test_the_reason_for_a_visit_is_in_no_event(world: World) -> None:
    doctor, _ = await world.doctor()
    who = world.patient()
    body = wish(await world.slot(doctor)) | {"reason_for_visit": "a cough"}
    held = await who.call("POST", RESERVE, body)
    assert held["reason_for_visit"] == "a cough"
    assert "cough" not in str(await world.db.fetch("SELECT payload FROM outbox"))
