"""Everything at once on one doctor's time; the audit at the end of the test says whether it held."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID

from niyat.appointments.commands.release import release
from niyat.kernel.ids import new_id
from tests.integration.appointments.world import Json, Person, World

API = "/api/v1/appointments"


async def a_patients_day(world: World, rules: random.Random, slots: list[Json]) -> None:
    """Reserve what there is, pay or not, lose the payment, cancel, come back."""
    who = world.patient()
    for _ in range(6):
        wish = {"slot_id": rules.choice(slots)["slot_id"], "consultation_type": "VIDEO"}
        answer = await who.ask("POST", f"{API}/reserve", wish, key=str(rules.random()))
        assert answer.status_code in (201, 404, 409), answer.text
        if answer.status_code == 201:
            await pay_or_leave(world, rules, who, answer.json())


async def pay_or_leave(world: World, rules: random.Random, who: Person, held: Json) -> None:
    payment, appointment_id = new_id(), UUID(held["appointment_id"])
    fate = rules.choice(("leave", "cancel", "pay", "pay and cancel", "lose the payment"))
    if fate in ("pay", "pay and cancel", "lose the payment"):
        assert await world.secure(held, payment) in ("secured", "gone")
    if fate == "pay":
        assert (await world.captured(held, payment))["outcome"] in ("confirmed", "gone")
    elif fate == "pay and cancel":
        await asyncio.gather(world.captured(held, payment), who.ask("POST", f"{API}/{appointment_id}/cancel"))
    elif fate == "lose the payment":
        await world.db.run(release, appointment_id, payment_id=payment, securing=world.securing)
    elif fate == "cancel":
        await who.ask("POST", f"{API}/{appointment_id}/cancel")


async def the_clinics_day(world: World, doctor: Json, me: Person) -> None:
    """Time passes, holds lapse, the week changes to and fro."""
    for begin in ("00:00", "06:00", "00:00", "12:00", "00:00"):
        hours = [{"weekday": day, "start_time": begin, "end_time": "24:00"} for day in range(1, 8)]
        await me.call(
            "POST", "/api/v1/availability/weekly", {"doctor_id": doctor["doctor_id"], "hours": hours}
        )
        await world.move(minutes=3)
        await world.expire()


async def test_whatever_happens_at_once_no_time_is_taken_twice(world: World) -> None:
    doctor, me = await world.doctor(buffer_after_minutes=5, slot_minutes=25)
    slots = (await world.slots(doctor))[10:22]
    await asyncio.gather(
        the_clinics_day(world, doctor, me),
        *(a_patients_day(world, random.Random(seed), slots) for seed in range(16)),
    )
    await world.move(minutes=6)
    await world.expire()
    taken = await world.db.fetchval("SELECT count(*) FROM available_slots WHERE status IN ('held', 'booked')")
    live = await world.db.fetchval(
        "SELECT count(*) FROM appointments WHERE status IN ('reserved', 'pending-payment', 'confirmed')"
    )
    assert taken == live > 0
