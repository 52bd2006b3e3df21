from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from niyat.kernel.ids import new_id
from tests.integration.appointments.world import WHY, World, together


async def test_a_payment_secures_a_held_slot_however_often_it_asks(world: World) -> None:
    who, held = await world.started()
    payment = new_id()
    assert {await world.secure(held, payment) for _ in range(3)} == {"secured"}
    shown = await world.get(held)
    assert (shown["status"], shown["secured"]) == ("pending-payment", True)
    again = await who.ask("POST", f"/internal/appointments/{held['appointment_id']}/secure", {})
    assert again.status_code == 403


async def test_a_lapsed_hold_that_nothing_expired_yet_is_enough(world: World) -> None:
    _, held = await world.started()
    await world.move(minutes=10)
    assert await world.secure(held, new_id()) == "secured"
    assert await world.expire() == 0
    assert (await world.get(held))["status"] == "pending-payment"


async def test_money_that_comes_before_the_payment_was_announced_secures_too(world: World) -> None:
    _, held = await world.held()
    assert await world.secure(held, new_id()) == "secured"
    assert (await world.get(held))["status"] == "pending-payment"


async def test_late_money_takes_a_free_slot_again(world: World) -> None:
    _, held = await world.started()
    payment = new_id()
    await world.move(minutes=10)
    assert await world.expire() == 1
    assert await world.slot_status(held) == "available"
    assert {await world.secure(held, payment) for _ in range(2)} == {"secured"}
    assert await world.slot_status(held) == "held"
    assert await world.captured(held, payment) == {"outcome": "confirmed", "amount_owed_back": 0}
    assert await world.slot_status(held) == "booked"
    assert await world.told(held) == ["APPOINTMENT_RESERVED", "APPOINTMENT_EXPIRED", "APPOINTMENT_CONFIRMED"]


async def test_late_money_finds_the_slot_taken(world: World) -> None:
    doctor, _ = await world.doctor()
    slot = await world.slot(doctor)
    held = await world.reserve(world.patient(), slot)
    await world.move(minutes=10)
    await world.expire()
    await world.reserve(world.patient(), slot)
    payment = new_id()
    assert await world.secure(held, payment) == "gone"
    assert await world.captured(held, payment) == {"outcome": "gone", "amount_owed_back": 50_000}
    assert (await world.get(held))["status"] == "expired"


async def test_late_money_finds_an_overlapping_booking(world: World) -> None:
    doctor, _ = await world.doctor()
    slot = await world.slot(doctor)
    held = await world.reserve(world.patient(), slot)
    await world.move(minutes=10)
    await world.expire()
    half = await world.db.fetchval(
        "INSERT INTO available_slots (doctor_id, doctor_key, starts_at, ends_at, consultation_types)"
        " SELECT doctor_id, doctor_key, starts_at + interval '30 min', ends_at, consultation_types"
        " FROM available_slots WHERE id = $1 RETURNING id",
        UUID(slot["slot_id"]),
    )
    await world.reserve(world.patient(), {"slot_id": str(half)})
    assert await world.secure(held, new_id()) == "gone"
    assert await world.slot_status(held) == "available"


@pytest.mark.parametrize("kind", ["VIDEO", "IN_PERSON"])
async def test_late_money_finds_the_time_free_for_another_type_or_at_another_place(
    world: World, kind: str
) -> None:
    doctor, _ = await world.doctor()
    who = world.patient()
    slot = await world.slot(doctor)
    wish = {"slot_id": slot["slot_id"], "consultation_type": kind}
    held = await who.call("POST", "/api/v1/appointments/reserve", wish)
    await world.move(minutes=10)
    await world.expire()
    branch = {"name": "Branch", "address": "2 Road", "reason": WHY}
    place = await world.admin.call("POST", f"/api/v1/clinics/{doctor['clinic_id']}/places", branch)
    hours = {"start_time": "00:00", "end_time": "24:00", "consultation_types": ["IN_PERSON"]}
    day = {
        "doctor_id": doctor["doctor_id"],
        "day": held["starts_at"][:10],
        "hours": [hours | {"place_id": place["place_id"]}],
        "reason": WHY,
    }
    await world.admin.call("PUT", "/api/v1/availability/overrides", day)
    assert await world.slot_status(held) == "available"
    assert await world.secure(held, new_id()) == "gone"
    assert await world.slot_status(held) == "available"


async def test_late_money_for_a_time_that_is_past_is_gone(world: World) -> None:
    _, held = await world.started()
    await world.move(days=5)
    await world.expire()
    assert await world.secure(held, new_id()) == "gone"


async def test_late_money_for_a_time_the_doctor_gave_up_is_gone(world: World) -> None:
    doctor, me = await world.doctor()
    held = await world.reserve(world.patient(), await world.slot(doctor))
    await me.call("POST", "/api/v1/availability/weekly", {"doctor_id": doctor["doctor_id"], "hours": []})
    assert await world.slot_status(held) == "held"
    await world.move(minutes=10)
    await world.expire()
    assert await world.slot_status(held) == "blocked"
    assert await world.secure(held, new_id()) == "gone"


async def test_late_money_for_a_time_that_now_serves_another_type_or_place_is_gone(world: World) -> None:
    doctor, me = await world.doctor()
    clinic = doctor["clinic_id"]
    body = {"name": "Branch", "reason": "A branch opens"}
    branch = await world.admin.call("POST", f"/api/v1/clinics/{clinic}/places", body)
    for kind, now in (
        ("VIDEO", {"consultation_types": ["IN_PERSON"]}),
        ("IN_PERSON", {"place_id": branch["place_id"]}),
    ):
        slot = (await world.slots(doctor))[30]
        wish = {"slot_id": slot["slot_id"], "consultation_type": kind}
        held = await world.patient().call("POST", "/api/v1/appointments/reserve", wish)
        await world.move(minutes=10)
        await world.expire()
        hours = {"start_time": "00:00", "end_time": "24:00", **now}
        day = {"doctor_id": doctor["doctor_id"], "day": slot["starts_at"][:10], "hours": [hours]}
        await me.call("PUT", "/api/v1/availability/overrides", day)
        assert await world.slot_status(held) == "available"
        assert await world.secure(held, new_id()) == "gone"
        day_path = f"/api/v1/availability/doctors/{doctor['doctor_id']}/overrides/{day['day']}"
        await me.call("DELETE", day_path)


async def test_a_second_payment_waits_while_the_first_keeps_the_slot(world: World) -> None:
    first, second = new_id(), new_id()
    _, held = await world.secured(first)
    assert await world.secure(held, second) == "busy"
    await world.captured(held, first)
    assert await world.secure(held, second) == "already-paid"
    assert await world.secure(held, first) == "secured"
    assert await world.captured(held, second) == {"outcome": "already-paid", "amount_owed_back": 50_000}


async def test_another_amount_or_currency_secures_nothing(world: World) -> None:
    _, held = await world.started()
    assert await world.secure(held, new_id(), amount=49_999) == "mismatch"
    assert await world.secure(held, new_id(), currency="USD") == "mismatch"
    assert (await world.get(held))["secured"] is False
    wrong = await world.captured(held, new_id(), amount=49_999)
    assert wrong == {"outcome": "mismatch", "amount_owed_back": 49_999}


async def test_a_cancelled_visit_takes_no_money(world: World) -> None:
    who, held = await world.started()
    await who.call("POST", f"/api/v1/appointments/{held['appointment_id']}/cancel", {})
    payment = new_id()
    assert await world.secure(held, payment) == "cancelled"
    assert await world.captured(held, payment) == {"outcome": "cancelled", "amount_owed_back": 50_000}


async def test_captured_money_that_secured_nothing_goes_back(world: World) -> None:
    _, held = await world.started()
    assert await world.captured(held, new_id()) == {"outcome": "gone", "amount_owed_back": 50_000}
    assert (await world.get(held))["status"] == "pending-payment"


async def test_of_two_payments_at_once_one_secures(world: World) -> None:
    _, held = await world.started()
    outcomes = await together(*(world.secure(held, new_id()) for _ in range(8)))
    assert sorted(outcomes) == ["busy"] * 7 + ["secured"]


async def test_an_unknown_appointment_is_not_found(world: World) -> None:
    body = {"payment_id": str(uuid4()), "order_id": "o", "amount": 1, "currency": "INR", "securing": 1}
    for path, json in (("secure", body), ("payment-started", {"account_id": str(uuid4())})):
        answer = await world.payments.ask("POST", f"/internal/appointments/{uuid4()}/{path}", json)
        assert (answer.status_code, answer.json()["code"]) == (404, "appointment-not-found")
