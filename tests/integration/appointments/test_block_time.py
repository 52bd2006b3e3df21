"""A doctor takes time out of the schedule: free time goes, and each booking within it gets an outcome."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.integration.appointments.world import Json, Person, World

BLOCK = "/api/v1/availability/block"


def over(doctor: Json, first: Json, last: Json, **more: object) -> Json:
    """A block from the one slot's start to the other's end."""
    return {
        "doctor_id": doctor["doctor_id"],
        "starts_at": first["starts_at"],
        "ends_at": last["ends_at"],
        **more,
    }


def cancel(appointment: Json) -> Json:
    return {"appointment_id": appointment["appointment_id"], "action": "cancel"}


async def two_paid(world: World) -> tuple[Json, Person, list[Json], list[Json]]:
    """A doctor, signed in; three of their times in a row; two visits paid for the last two."""
    doctor, me = await world.doctor()
    slots = (await world.slots(doctor))[30:33]
    return doctor, me, slots, [await world.paid(world.patient(), slot) for slot in slots[1:]]


async def test_free_time_is_taken_out_at_once(world: World) -> None:
    doctor, me = await world.doctor()
    free, other = (await world.slots(doctor))[30:32]
    made = await me.call("POST", BLOCK, over(doctor, free, free, reason="Surgery"))
    assert made["bookings"] == []
    left = await world.slots(doctor)
    assert free not in left
    assert other in left


@pytest.mark.failure_row(43)
async def test_a_block_over_bookings_is_refused_and_names_each_of_them(world: World) -> None:
    doctor, me, slots, paid = await two_paid(world)
    refused = await me.ask("POST", BLOCK, over(doctor, slots[0], slots[2]))
    assert (refused.status_code, refused.json()["code"]) == (409, "bookings-in-the-way")
    assert refused.json()["appointment_ids"] == [visit["appointment_id"] for visit in paid]
    assert [(hit["starts_at"], hit["outcome"]) for hit in refused.json()["bookings"]] == [
        (slot["starts_at"], "needed") for slot in slots[1:]
    ]
    assert slots[0] in await world.slots(doctor)
    assert await world.db.fetchval("SELECT count(*) FROM blocked_slots") == 0


async def test_bookings_that_are_named_are_cancelled_with_all_of_it_going_back(world: World) -> None:
    doctor, me, slots, paid = await two_paid(world)
    # Half a day before, a patient would get half of it back.
    await world.move_to(await world.now() + timedelta(hours=20))
    body = over(doctor, slots[0], slots[2], bookings=[cancel(visit) for visit in paid], reason="Ill today")
    made = await me.call("POST", BLOCK, body)
    assert [(hit["outcome"], hit["amount_owed_back"]) for hit in made["bookings"]] == [
        ("cancelled", 50_000)
    ] * 2
    for visit in paid:
        found = await world.get(visit)
        assert (found["status"], found["cancelled_by"], found["amount_owed_back"]) == (
            "cancelled",
            "doctor",
            50_000,
        )
        assert found["cancel_reason_code"] == "doctor-unavailable"
        assert (await world.told(visit))[-1] == "APPOINTMENT_CANCELLED"
        assert await world.slot_status(visit) == "blocked"
    assert "Ill today" not in str(await world.db.fetch("SELECT payload::text FROM outbox"))


async def test_one_booking_without_an_outcome_keeps_all_as_it_was(world: World) -> None:
    doctor, me, slots, paid = await two_paid(world)
    body = over(doctor, slots[0], slots[2], bookings=[cancel(paid[0])])
    refused = await me.ask("POST", BLOCK, body)
    assert refused.status_code == 409
    assert refused.json()["appointment_ids"] == [paid[1]["appointment_id"]]
    for visit in paid:
        assert (await world.get(visit))["status"] == "confirmed"
        assert await world.slot_status(visit) == "booked"
    assert slots[0] in await world.slots(doctor)


async def test_what_is_not_in_the_way_cannot_be_cancelled_along(world: World) -> None:
    doctor, me, slots, paid = await two_paid(world)
    _, other = await world.confirmed(uuid4())
    for stranger in (other, {"appointment_id": str(uuid4())}, paid[1]):
        body = over(doctor, slots[0], slots[1], bookings=[cancel(paid[0]), cancel(stranger)])
        refused = await me.ask("POST", BLOCK, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "not-in-the-way")
        assert refused.json()["appointment_ids"] == [stranger["appointment_id"]]
    assert (await world.get(other))["status"] == "confirmed"


async def test_holds_that_nobody_paid_on_are_cancelled_without_being_named(world: World) -> None:
    doctor, me = await world.doctor()
    slot = (await world.slots(doctor))[30]
    patient = world.patient()
    held = await world.reserve(patient, slot)
    await world.internal(held, "payment-started", {"account_id": str(patient.id)})
    made = await me.call("POST", BLOCK, over(doctor, slot, slot))
    assert [hit["outcome"] for hit in made["bookings"]] == ["cancelled"]
    assert (await world.get(held))["status"] == "cancelled"
    # Money that still comes finds nothing to pay for, and all of it goes back.
    assert await world.secure(held, uuid4()) == "cancelled"
    assert (await world.captured(held, uuid4()))["amount_owed_back"] == 50_000


async def test_a_booking_that_is_being_paid_for_has_to_be_named(world: World) -> None:
    doctor, me = await world.doctor()
    slot = (await world.slots(doctor))[30]
    held = await world.reserve(world.patient(), slot)
    payment_id = uuid4()
    assert await world.secure(held, payment_id) == "secured"
    assert (await me.ask("POST", BLOCK, over(doctor, slot, slot))).status_code == 409
    await me.call("POST", BLOCK, over(doctor, slot, slot, bookings=[cancel(held)]))
    assert (await world.captured(held, payment_id))["amount_owed_back"] == 50_000


async def test_a_visit_that_is_over_is_in_nobodys_way(world: World) -> None:
    doctor, me = await world.doctor()
    slot = (await world.slots(doctor))[1]
    visit = await world.paid(world.patient(), slot)
    await world.move(hours=6)
    await me.call("POST", BLOCK, over(doctor, slot, slot))
    assert (await world.get(visit))["status"] == "confirmed"


async def test_the_same_request_twice_blocks_once(world: World) -> None:
    doctor, me, slots, paid = await two_paid(world)
    body = over(doctor, slots[0], slots[2], bookings=[cancel(visit) for visit in paid])
    first, again = [await me.call("POST", BLOCK, body, key="k") for _ in range(2)]
    assert first == again
    assert await world.db.fetchval("SELECT count(*) FROM blocked_slots") == 1


async def test_only_that_doctor_or_an_admin_with_a_reason_blocks(world: World) -> None:
    doctor, _, slots, paid = await two_paid(world)
    body = over(doctor, slots[0], slots[2], bookings=[cancel(visit) for visit in paid])
    assert (await world.person("doctor").ask("POST", BLOCK, body)).status_code == 403
    assert (await world.patient().ask("POST", BLOCK, body)).status_code == 403
    assert (await world.admin.ask("POST", BLOCK, body)).json()["code"] == "reason-required"
    await world.admin.call("POST", BLOCK, body | {"reason": "The doctor is ill"})
    assert (await world.get(paid[0]))["cancelled_by"] == "admin"
    log = await world.db.fetch("SELECT action, reason FROM audit_log ORDER BY id DESC LIMIT 3")
    assert [tuple(row) for row in log] == [
        ("cancel-appointment", "doctor-unavailable"),
        ("cancel-appointment", "doctor-unavailable"),
        ("block-time", "The doctor is ill"),
    ]


async def test_a_doctor_who_is_their_own_patient_gets_all_of_it_back(world: World) -> None:
    doctor, _ = await world.doctor()
    slot = (await world.slots(doctor))[1]
    both = world.person("patient", "admin")
    await world.paid(both, slot)
    visit = (await both.call("GET", "/api/v1/appointments"))["items"][0]
    body = over(doctor, slot, slot, bookings=[cancel(visit)], reason="The doctor is ill")
    made = await both.call("POST", BLOCK, body)
    assert made["bookings"][0]["amount_owed_back"] == 50_000
