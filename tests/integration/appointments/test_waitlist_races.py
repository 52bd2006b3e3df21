"""Everything at once on one doctor's line; the audit at the end of the test says whether it held."""

from __future__ import annotations

import asyncio
import random

from tests.integration.appointments.lines import API, entry_of, pay
from tests.integration.appointments.world import Json, Person, World

BOOKINGS = "/api/v1/appointments"


async def somebody_in_line(world: World, rules: random.Random, doctor: Json) -> None:
    """Join, wait, take what is offered or not, leave, come back."""
    who = world.patient()
    for _ in range(6):
        answer = await who.ask("POST", API, {"doctor_id": doctor["doctor_id"]})
        assert answer.status_code in (201, 409), answer.text
        entry = await entry_of(who)
        fate = rules.choice(("wait", "leave", "leave", "decline", "take", "take"))
        if entry["offer"] and fate == "decline":
            await who.ask("POST", f"{BOOKINGS}/{entry['appointment_id']}/cancel")
        elif entry["offer"] and fate == "take":
            assert await pay(world, entry) in ("secured", "gone", "cancelled")
        elif fate == "leave":
            await who.ask("DELETE", f"{API}/{entry['waitlist_entry_id']}")


async def somebody_with_a_booking(world: World, rules: random.Random, slots: list[Json]) -> None:
    """Take what is free, and give it up."""
    who = world.patient()
    for _ in range(6):
        wish = {"slot_id": rules.choice(slots)["slot_id"], "consultation_type": "VIDEO"}
        answer = await who.ask("POST", f"{BOOKINGS}/reserve", wish)
        assert answer.status_code in (201, 409), answer.text
        if answer.status_code == 201 and rules.random() < 0.8:
            await who.ask("POST", f"{BOOKINGS}/{answer.json()['appointment_id']}/cancel")


async def the_clinics_day(world: World, doctor: Json, me: Person) -> None:
    """Time passes, holds and offers lapse, the hours change to and fro."""
    for begin in ("00:00", "06:00", "00:00", "12:00", "00:00"):
        hours = [{"weekday": day, "start_time": begin, "end_time": "24:00"} for day in range(1, 8)]
        await me.call(
            "POST", "/api/v1/availability/weekly", {"doctor_id": doctor["doctor_id"], "hours": hours}
        )
        await world.move(minutes=11)
        await asyncio.gather(world.expire(), world.expire())


async def test_whatever_happens_at_once_no_time_is_offered_to_two(world: World) -> None:
    doctor, me = await world.doctor(buffer_after_minutes=5, slot_minutes=25)
    slots = (await world.slots(doctor))[100:106]
    await asyncio.gather(
        the_clinics_day(world, doctor, me),
        *(somebody_in_line(world, random.Random(seed), doctor) for seed in range(8)),
        *(somebody_with_a_booking(world, random.Random(seed), slots) for seed in range(100, 108)),
    )
    taken = await world.db.fetchval("SELECT count(*) FROM available_slots WHERE status IN ('held', 'booked')")
    live = await world.db.fetchval(
        "SELECT count(*) FROM appointments WHERE status IN ('reserved', 'pending-payment', 'confirmed')"
    )
    offered = await world.db.fetchval("SELECT count(*) FROM appointments WHERE waitlist_entry_id IS NOT NULL")
    assert taken == live
    assert offered > 0
    await world.move(minutes=31)
    while await world.expire():
        await world.move(minutes=31)
    assert await world.db.fetchval("SELECT count(*) FROM waitlist_entries WHERE status = 'offered'") == 0
