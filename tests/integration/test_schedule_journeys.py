"""A doctor changes the schedule although people have booked, over real HTTP and the whole system: looked at first,
then done, with the database, the money and the mails as they end.
"""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from niyat.app import SERVICES
from tests.support.sandbox import Json
from tests.support.system import Caller, System

PRICE = 50_000
AVAILABILITY = "/api/v1/availability"

ENDS = """
SELECT a.status, a.starts_at, a.cancelled_by, a.amount_owed_back, a.revision, v.status AS slot
FROM appointments a LEFT JOIN available_slots v ON v.id = a.slot_id WHERE a.id = $1
"""
KEPT_NOTHING = ("outbox", "idempotency_keys", "audit_log", "blocked_slots", "appointment_status_history")


def id_of(booking: Json) -> str:
    return str(booking["appointment"]["appointment_id"])


async def paid(system: System, slot: Json) -> tuple[Caller, Json]:
    """A new patient who has booked and paid."""
    patient = await system.patient()
    booking = await system.book(patient, slot)
    await system.sandbox.pay(booking["payment"]["order_id"])
    await system.becomes(patient, booking, "confirmed")
    return patient, booking


async def stored(system: System) -> dict[str, int]:
    """How many rows there are of everything that a change could leave behind."""
    counts = {}
    for service in SERVICES:
        db = system.niyat.services[service].db
        for table in ("outbox", "idempotency_keys", "inbox"):
            counts[f"{service}.{table}"] = await db.fetchval(f"SELECT count(*) FROM {table}")
    db = system.niyat.services["appointments"].db
    for table in KEPT_NOTHING:
        counts[table] = await db.fetchval(f"SELECT count(*) FROM {table}")
    return counts


async def ends(system: System, booking: Json) -> Json:
    """The appointment's row and its slot's status."""
    row = await system.niyat.services["appointments"].db.fetchrow(ENDS, UUID(id_of(booking)))
    assert row is not None
    return dict(row)


async def subjects(system: System, patient: Caller) -> str:
    mails = await system.sandbox.mails(patient.account["email"])
    return " | ".join(mail["subject"].lower() for mail in mails)


@pytest.mark.failure_row(43)
async def test_a_doctor_blocks_a_time_that_has_bookings(system: System) -> None:
    doctor = await system.doctor(fee_amount=PRICE)
    me = await system.sign_in(email=doctor["email"])
    slots = await system.slots(doctor)
    (ill, off), (moving, on) = await paid(system, slots[0]), await paid(system, slots[1])
    deciding = await system.patient()
    held = await system.book(deciding, slots[2])
    await system.settle()
    block = {
        "doctor_id": doctor["doctor_id"],
        "starts_at": slots[0]["starts_at"],
        "ends_at": slots[3]["ends_at"],
    }

    before = await stored(system)
    shown = await me.call("POST", f"{AVAILABILITY}/block/preview", block)
    assert [(hit["appointment_id"], hit["outcome"]) for hit in shown["bookings"]] == [
        (id_of(off), "needed"),
        (id_of(on), "needed"),
        (id_of(held), "cancelled"),
    ]
    refused = await me.ask("POST", f"{AVAILABILITY}/block", block, key=str(uuid4()))
    assert (refused.status_code, refused.json()["bookings"]) == (409, shown["bookings"])
    await system.settle()
    assert await stored(system) == before

    block["bookings"] = [
        {"appointment_id": id_of(off), "action": "cancel"},
        {"appointment_id": id_of(on), "action": "move", "slot_id": slots[10]["slot_id"]},
    ]
    done = await me.call("POST", f"{AVAILABILITY}/block", block, key=str(uuid4()))
    assert [hit["outcome"] for hit in done["bookings"]] == ["cancelled", "moved", "cancelled"]
    # Somebody was just about to pay; the money must not stay.
    await system.sandbox.pay(held["payment"]["order_id"])
    await system.settle()

    gone, moved, let_go = [await ends(system, booking) for booking in (off, on, held)]
    assert (gone["status"], gone["cancelled_by"], gone["amount_owed_back"], gone["slot"]) == (
        "cancelled",
        "doctor",
        PRICE,
        "blocked",
    )
    assert (moved["status"], moved["revision"], moved["slot"]) == ("confirmed", 1, "booked")
    assert moved["starts_at"].isoformat() == slots[10]["starts_at"].replace("Z", "+00:00")
    assert (let_go["status"], let_go["slot"]) == ("cancelled", "blocked")
    books = await system.sandbox.books(system.merchant)
    assert (books.captured, books.refunded) == (2 * PRICE, PRICE)
    assert (await system.appointment(ill, off))["payment"]["status"] == "refunded"
    assert (await system.appointment(moving, on))["payment"]["status"] == "captured"
    assert "cancelled" in await subjects(system, ill)
    assert "refund" in await subjects(system, ill)
    assert "moved" in await subjects(system, moving) or "new time" in await subjects(system, moving)
    free = {slot["starts_at"] for slot in await system.slots(doctor)}
    assert not free & {slots[n]["starts_at"] for n in (0, 1, 2, 3, 10)}


async def test_a_schedule_is_changed_as_its_preview_said(system: System) -> None:
    doctor = await system.doctor(fee_amount=0)
    me = await system.sign_in(email=doctor["email"])
    slots = await system.slots(doctor)
    patient = await system.patient()
    visit = await system.book(patient, slots[0])
    await system.settle()
    day = slots[0]["local_start"][:10]
    week = {
        "doctor_id": doctor["doctor_id"],
        "hours": [{"weekday": n, "start_time": "09:00", "end_time": "12:30"} for n in range(1, 8)],
    }
    off = {
        "doctor_id": doctor["doctor_id"],
        "day": day,
        "hours": [],
        "bookings": [{"appointment_id": id_of(visit), "action": "cancel"}],
    }
    before = await stored(system)
    asked = await me.call("POST", f"{AVAILABILITY}/weekly/preview", week, key=str(uuid4()))
    await me.call("POST", f"{AVAILABILITY}/overrides/preview", off, key=str(uuid4()))
    await system.settle()
    assert await stored(system) == before
    assert await system.slots(doctor) == slots[1:]
    assert (await system.appointment(patient, visit))["status"] == "confirmed"
    assert [(hit["appointment_id"], hit["outcome"]) for hit in asked["bookings"]] == [(id_of(visit), "kept")]

    done = await me.call("POST", f"{AVAILABILITY}/weekly", week, key=str(uuid4()))
    assert done["bookings"] == asked["bookings"]
    removed = {slot["starts_at"] for slot in asked["slots"] if slot["change"] == "removed"}
    left = {slot["starts_at"] for slot in await system.slots(doctor)}
    assert left == {slot["starts_at"] for slot in slots[1:]} - removed
    assert (await ends(system, visit))["status"] == "confirmed"
    await me.call("PUT", f"{AVAILABILITY}/overrides", off, key=str(uuid4()))
    await system.settle()
    assert (await ends(system, visit))["status"] == "cancelled"
    assert not {s["starts_at"] for s in await system.slots(doctor) if s["local_start"].startswith(day)}
    assert "cancelled" in await subjects(system, patient)
