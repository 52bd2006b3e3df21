"""Bookings in the way of a change are moved or cancelled with it: all of it, or nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.integration.appointments.test_block_time import BLOCK, cancel, over, two_paid
from tests.integration.appointments.test_set_override import OVERRIDES
from tests.integration.appointments.world import Json, World, together


def move(appointment: Json, slot: Json) -> Json:
    return {"appointment_id": appointment["appointment_id"], "action": "move", "slot_id": slot["slot_id"]}


async def test_one_booking_moves_and_the_other_is_cancelled(world: World) -> None:
    doctor, me, slots, paid = await two_paid(world)
    later = (await world.slots(doctor))[60]
    outcomes = [move(paid[0], later), cancel(paid[1])]
    done = await me.call("POST", BLOCK, over(doctor, slots[0], slots[2], bookings=outcomes))
    assert [(hit["outcome"], hit["new_starts_at"]) for hit in done["bookings"]] == [
        ("moved", later["starts_at"]),
        ("cancelled", None),
    ]
    moved = await world.get(paid[0])
    assert (moved["status"], moved["starts_at"], moved["revision"]) == ("confirmed", later["starts_at"], 1)
    assert (await world.told(paid[0]))[-1] == "APPOINTMENT_RESCHEDULED"
    assert (await world.told(paid[1]))[-1] == "APPOINTMENT_CANCELLED"
    assert later["starts_at"] not in {slot["starts_at"] for slot in await world.slots(doctor)}


async def test_a_move_that_fails_takes_everything_back(world: World) -> None:
    doctor, me, slots, paid = await two_paid(world)
    taken, elsewhere = (await world.slots(doctor))[60], (await world.slots((await world.doctor())[0]))[60]
    await world.paid(world.patient(), taken)
    own = {"slot_id": (await world.get(paid[0]))["slot_id"]}
    cases = [
        (taken, "slot-taken"),
        (elsewhere, "slot-not-found"),
        (own, "slot-blocked"),  # To where it is: it would stay in the way.
        (slots[0], "slot-blocked"),  # To another time that is blocked by the same change.
    ]
    for slot, code in cases:
        outcomes = [cancel(paid[1]), move(paid[0], slot)]
        body = over(doctor, slots[0], slots[2], bookings=outcomes)
        refused = await me.ask("POST", BLOCK, body)
        assert (refused.status_code // 100, refused.json()["code"]) == (4, code)
        if code != "slot-not-found":
            assert refused.json()["appointment_id"] == paid[0]["appointment_id"]
        assert (await me.ask("POST", f"{BLOCK}/preview", body)).json()["code"] == code
    assert [(await world.get(visit))["status"] for visit in paid] == ["confirmed"] * 2
    assert await world.db.fetchval("SELECT count(*) FROM blocked_slots") == 0


async def test_what_is_paid_for_but_not_confirmed_can_only_be_cancelled(world: World) -> None:
    doctor, me = await world.doctor()
    slot, later = (await world.slots(doctor))[30], (await world.slots(doctor))[60]
    held = await world.reserve(world.patient(), slot)
    await world.secure(held, me.id)
    body = over(doctor, slot, slot, bookings=[move(held, later)])
    assert (await me.ask("POST", BLOCK, body)).json()["code"] == "illegal-move"


async def test_a_dearer_or_cheaper_time_is_the_doctors_to_give(world: World) -> None:
    doctor, me, slots, paid = await two_paid(world)
    free = await world.slots(doctor)
    offer = [
        {"consultation_type": kind, "fee_amount": 40_000, "slot_minutes": 60}
        for kind in ("VIDEO", "IN_PERSON")
    ]
    await me.call("PATCH", f"/api/v1/doctors/{doctor['doctor_id']}", {"consultations": offer})
    outcomes = [move(paid[0], free[60]), move(paid[1], free[62])]
    await me.call("POST", BLOCK, over(doctor, slots[0], slots[2], bookings=outcomes))
    events = await world.db.fetch(
        "SELECT payload -> 'data' ->> 'amount_owed_back' AS back FROM outbox WHERE type = 'APPOINTMENT_RESCHEDULED'"
    )
    assert [row["back"] for row in events] == ["10000", "10000"]


async def test_a_booking_outside_of_a_new_week_stays_unless_it_is_given_an_outcome(world: World) -> None:
    doctor, me, slots, paid = await two_paid(world)
    day = datetime.fromisoformat(slots[1]["starts_at"]).isoweekday()
    week = {
        "doctor_id": doctor["doctor_id"],
        "hours": [{"weekday": day % 7 + 1, "start_time": "09:00", "end_time": "12:00"}],
    }
    body = week | {"bookings": [cancel(paid[1])]}
    shown = await me.call("POST", "/api/v1/availability/weekly/preview", body)
    done = await me.call("POST", "/api/v1/availability/weekly", body)
    assert [hit["outcome"] for hit in done["bookings"]] == ["kept", "cancelled"]
    assert done["bookings"] == shown["bookings"]
    assert [(await world.get(visit))["status"] for visit in paid] == ["confirmed", "cancelled"]
    # What was kept is in the way of the next change too, until somebody decides.
    again = await me.call("POST", "/api/v1/availability/weekly", week)
    assert [hit["appointment_id"] for hit in again["bookings"]] == [paid[0]["appointment_id"]]
    off = {"doctor_id": doctor["doctor_id"], "day": slots[1]["starts_at"][:10], "hours": []}
    assert (await me.ask("PUT", OVERRIDES, off)).json()["appointment_ids"] == [paid[0]["appointment_id"]]


async def test_a_day_off_and_patients_who_book_cancel_and_pay_at_once_lose_nothing(world: World) -> None:
    doctor, me = await world.doctor()
    day = (await world.now()).date() + timedelta(days=3)
    slots = await world.slots(doctor, **{"from": str(day), "to": str(day)})
    paid = [await world.paid(world.patient(), slot) for slot in slots[:4]]
    off = {
        "doctor_id": doctor["doctor_id"],
        "day": str(day),
        "hours": [],
        "bookings": [cancel(visit) for visit in paid],
    }
    wishes = [
        world.patient().ask(
            "POST", "/api/v1/appointments/reserve", {"slot_id": slot["slot_id"], "consultation_type": "VIDEO"}
        )
        for slot in slots[4:16]
    ]
    answers = await together(*wishes[:6], me.ask("PUT", OVERRIDES, off), *wishes[6:])
    assert {answer.status_code for answer in answers} <= {200, 201, 404, 409}
    assert answers[6].status_code == 200
    live = "SELECT count(*) FROM appointments WHERE status IN ('reserved', 'pending-payment', 'confirmed')"
    assert await world.db.fetchval(live) == 0
    assert await world.slots(doctor, **{"from": str(day), "to": str(day)}) == []
