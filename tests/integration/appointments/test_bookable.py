"""What the listing shows can be booked, as each type it shows; whatever it does not show is refused, and why."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from tests.integration.appointments.test_find_slots import pages
from tests.integration.appointments.world import Json, World, appointments
from tests.support.postgres import Databases

RESERVE = "/api/v1/appointments/reserve"
TYPES = ("AUDIO", "IN_PERSON", "VIDEO")
WHY_NOT = {"slot-taken", "slot-blocked", "notice-too-short", "too-far-ahead", "consultation-type-not-offered"}


@pytest.mark.parametrize("seed", [1, 2])
async def test_exactly_what_is_shown_can_be_reserved(databases: Databases, seed: int) -> None:
    async with appointments(databases, days_ahead=2) as world:
        morning = (await world.now()).replace(hour=9, minute=0, second=0) + timedelta(days=1)
        await world.stand_still(morning)
        doctor = await busy_doctor(world, random.Random(seed))
        path = f"/api/v1/availability/doctors/{doctor['doctor_id']}/slots"
        days = str((await world.now()).date()), str((await world.now()).date() + timedelta(days=4))
        listed = await pages(world, path, limit=17, **{"from": days[0], "to": days[1]})
        shown = {(slot["slot_id"], kind) for slot in listed for kind in slot["consultation_types"]}
        stored = [
            str(row["id"]) for row in await world.db.fetch("SELECT id FROM available_slots ORDER BY id")
        ]
        refused = set()
        for slot_id, kind in ((slot_id, kind) for slot_id in stored for kind in TYPES):
            who = world.patient()
            answer = await who.ask("POST", RESERVE, {"slot_id": slot_id, "consultation_type": kind})
            if (slot_id, kind) in shown:
                assert answer.status_code == 201, (kind, answer.text)
                await who.call("POST", f"/api/v1/appointments/{answer.json()['appointment_id']}/cancel", {})
            else:
                assert answer.status_code == 409, (kind, answer.text)
                refused.add(answer.json()["code"])
        assert shown
        assert refused == WHY_NOT


async def test_a_time_that_begins_this_moment_is_neither_shown_nor_reserved(world: World) -> None:
    doctor, me = await world.doctor()
    slot = (await world.slots(doctor))[0]
    begins = datetime.fromisoformat(slot["starts_at"])
    await world.stand_still(begins)
    assert slot not in await world.slots(doctor)
    # What is taken out of the schedule now leaves alone what has begun, so nobody may take it either.
    block = {"starts_at": slot["starts_at"], "ends_at": slot["ends_at"], "doctor_id": doctor["doctor_id"]}
    await me.call("POST", "/api/v1/availability/block", block)
    wish = {"slot_id": slot["slot_id"], "consultation_type": "VIDEO"}
    refused = await world.patient().ask("POST", RESERVE, wish)
    assert (refused.status_code, refused.json()["code"]) == (409, "notice-too-short")


async def busy_doctor(world: World, rules: random.Random) -> Json:
    """Three types with rules of their own, hours for some of them, bookings, a block, and times that are over."""
    doctor, me = await world.doctor(
        consultation_types=TYPES,
        consultations=[
            {
                "consultation_type": kind,
                "slot_minutes": rules.choice((40, 60, 90)),
                "buffer_before_minutes": rules.choice((0, 10)),
                "buffer_after_minutes": rules.choice((0, 10)),
                "minimum_notice_minutes": rules.choice((120, 400)),
                "maximum_advance_days": 2,
            }
            for kind in TYPES
        ],
    )
    hours = [
        {"weekday": day, "start_time": begin, "end_time": end, "consultation_types": kinds}
        for day in range(1, 8)
        for begin, end, kinds in (
            ("00:00", "11:00", None),
            ("11:00", "16:00", rules.sample(TYPES, 2)),
            ("17:00", "24:00", ["VIDEO"]),
        )
    ]
    await me.call("POST", "/api/v1/availability/weekly", {"doctor_id": doctor["doctor_id"], "hours": hours})
    free = await world.slots(doctor)
    for slot in rules.sample(free, 6):
        wish = {"slot_id": slot["slot_id"], "consultation_type": rules.choice(slot["consultation_types"])}
        await world.patient().ask("POST", RESERVE, wish)
    begin = datetime.fromisoformat(rules.choice(free)["starts_at"]) + timedelta(minutes=5)
    block = {
        "doctor_id": doctor["doctor_id"],
        "starts_at": begin.isoformat(),
        "ends_at": (begin + timedelta(minutes=25)).isoformat(),
    }
    while (await me.ask("POST", "/api/v1/availability/block", block)).status_code == 409:
        begin += timedelta(minutes=30)
        block |= {"starts_at": begin.isoformat(), "ends_at": (begin + timedelta(minutes=25)).isoformat()}
    await world.stand_still(await world.now() + timedelta(minutes=4))
    return doctor
