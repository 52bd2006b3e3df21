"""A preview is the very change, taken back: it says what the change then does, and leaves nothing."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.appointments.world import WHY, Json, Person, World

AVAILABILITY = "/api/v1/availability"

TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"

FREE = "SELECT starts_at, ends_at FROM available_slots WHERE status = 'available' AND starts_at > niyat_now()"


async def everything(world: World) -> dict[str, list[str]]:
    """Every row of every table."""
    names = [row["table_name"] for row in await world.db.fetch(TABLES)]
    return {
        name: [row["row"] for row in await world.db.fetch(f"SELECT t::text AS row FROM {name} t ORDER BY 1")]
        for name in names
    }


async def free(world: World) -> set[tuple[str, str]]:
    rows = await world.db.fetch(FREE)
    return {(row["starts_at"].isoformat(), row["ends_at"].isoformat()) for row in rows}


def times(preview: Json, *changes: str) -> set[tuple[str, str]]:
    return {
        (slot["starts_at"].replace("Z", "+00:00"), slot["ends_at"].replace("Z", "+00:00"))
        for slot in preview["slots"]
        if slot["change"] in changes
    }


async def busy_doctor(world: World, **more: Any) -> tuple[Json, Person, list[Json]]:
    """A doctor with a hold, a paid visit and a block, and their free times."""
    doctor, me = await world.doctor(**more)
    slots = await world.slots(doctor)
    await world.reserve(world.patient(), slots[30])
    await world.paid(world.patient(), slots[31])
    block = {"starts_at": slots[40]["starts_at"], "ends_at": slots[42]["ends_at"]}
    await me.call("POST", f"{AVAILABILITY}/block", block | {"doctor_id": doctor["doctor_id"]})
    return doctor, me, slots


async def test_no_preview_leaves_anything(world: World) -> None:
    doctor, me, slots = await busy_doctor(world)
    visit = (await me.call("GET", "/api/v1/appointments", params={"status": "confirmed"}))["items"][0]
    clinic = f"/api/v1/clinics/{doctor['clinic_id']}"
    doctor_id, day = doctor["doctor_id"], slots[30]["starts_at"][:10]
    next_day = str(date.fromisoformat(day) + timedelta(days=3))
    await me.call("PUT", f"{AVAILABILITY}/overrides", {"doctor_id": doctor_id, "day": next_day, "hours": []})
    await world.admin.call("POST", f"{clinic}/holidays", {"day": next_day, "name": "Ours", "reason": WHY})
    block_id = await world.db.fetchval("SELECT id FROM blocked_slots")
    cancelled = [{"appointment_id": visit["appointment_id"], "action": "cancel"}]
    before = await everything(world)
    previews: list[tuple[Person, str, Json | None]] = [
        (me, f"{AVAILABILITY}/weekly/preview", {"doctor_id": doctor_id, "hours": []}),
        (me, f"{AVAILABILITY}/weekly/preview", {"doctor_id": doctor_id, "hours": [], "bookings": cancelled}),
        (
            me,
            f"{AVAILABILITY}/block/preview",
            {
                "doctor_id": doctor_id,
                "starts_at": slots[29]["starts_at"],
                "ends_at": slots[33]["ends_at"],
                "bookings": cancelled,
            },
        ),
        (me, f"{AVAILABILITY}/blocks/{block_id}/preview", None),
        (me, f"{AVAILABILITY}/overrides/preview", {"doctor_id": doctor_id, "day": day, "hours": []}),
        (me, f"{AVAILABILITY}/doctors/{doctor_id}/overrides/{next_day}/preview", None),
        (
            me,
            f"/api/v1/doctors/{doctor_id}/preview",
            {"consultations": [{"consultation_type": "AUDIO", "fee_amount": 1}]},
        ),
        (world.admin, f"{clinic}/holidays/preview", {"day": day, "name": "Ours", "reason": WHY}),
        (world.admin, f"{clinic}/holidays/{next_day}/preview", {"reason": WHY}),
        (world.admin, f"{clinic}/holiday-calendar/preview", {"country": "IN", "reason": WHY}),
    ]
    for who, path, body in previews:
        shown = await who.call("POST", path, body, key=str(uuid4()))
        assert shown.keys() == {
            "slots_added",
            "slots_removed",
            "slots_blocked",
            "slots_changed",
            "slots",
            "bookings",
        }
    assert await everything(world) == before


async def test_a_preview_shows_the_bookings_that_still_need_an_outcome(world: World) -> None:
    doctor, me, slots = await busy_doctor(world)
    body = {"doctor_id": doctor["doctor_id"], "day": slots[30]["starts_at"][:10], "hours": []}
    shown = await me.call("POST", f"{AVAILABILITY}/overrides/preview", body)
    assert [(hit["status"], hit["outcome"]) for hit in shown["bookings"]] == [
        ("reserved", "cancelled"),
        ("confirmed", "needed"),
    ]
    assert shown["slots_removed"] > 0
    refused = await me.ask("PUT", f"{AVAILABILITY}/overrides", body)
    assert refused.json()["bookings"] == shown["bookings"]


async def test_only_those_who_may_change_may_look(world: World) -> None:
    doctor, _, _ = await busy_doctor(world)
    week = {"doctor_id": doctor["doctor_id"], "hours": []}
    holiday = {"day": "2030-01-01", "name": "Ours", "reason": WHY}
    clinic = f"/api/v1/clinics/{doctor['clinic_id']}"
    block_id = await world.db.fetchval("SELECT id FROM blocked_slots")
    stranger = world.person("doctor")
    assert (await stranger.ask("POST", f"{AVAILABILITY}/weekly/preview", week)).status_code == 403
    assert (await stranger.ask("POST", f"{AVAILABILITY}/blocks/{block_id}/preview")).status_code == 404
    assert (await stranger.ask("POST", f"{clinic}/holidays/preview", holiday)).status_code == 403
    assert (await world.nobody.ask("POST", f"{AVAILABILITY}/weekly/preview", week)).status_code == 401
    # An admin who only looks need not say why.
    assert (await world.admin.ask("POST", f"{AVAILABILITY}/weekly/preview", week)).status_code == 200


def some_windows(chance: random.Random) -> list[Json]:
    ends = sorted(chance.sample(range(49), 2 * chance.randint(0, 2)))
    return [
        {
            "start_time": f"{start // 2:02}:{start % 2 * 30:02}",
            "end_time": f"{end // 2:02}:{end % 2 * 30:02}",
            "consultation_types": chance.choice([None, ["VIDEO"], ["IN_PERSON", "VIDEO"]]),
        }
        for start, end in zip(ends[::2], ends[1::2], strict=True)
    ]


def some_change(
    chance: random.Random, doctor: Json, day: date, cancelled: list[Json]
) -> tuple[str, str, Json]:
    """A method, a path and a body."""
    mine = {"doctor_id": doctor["doctor_id"], "bookings": cancelled}
    kind = chance.choice(["weekly", "block", "override", "offer"])
    if kind == "weekly":
        hours = [{"weekday": d, **w} for d in range(1, 8) for w in some_windows(chance)]
        return "POST", f"{AVAILABILITY}/weekly", mine | {"hours": hours}
    if kind == "block":
        start = chance.randint(0, 40)
        begin, end = (
            f"{day + timedelta(days=start // 24)}T{start % 24:02}:15:00Z",
            f"{day + timedelta(days=3)}T09:00:00Z",
        )
        return "POST", f"{AVAILABILITY}/block", mine | {"starts_at": begin, "ends_at": end}
    if kind == "override":
        return "PUT", f"{AVAILABILITY}/overrides", mine | {"day": str(day), "hours": some_windows(chance)}
    length = chance.choice([20, 60, 90])
    offer = [
        {"consultation_type": kind, "fee_amount": 50_000, "slot_minutes": length}
        for kind in ("VIDEO", "IN_PERSON")
    ]
    return "PATCH", f"/api/v1/doctors/{doctor['doctor_id']}", {"consultations": offer}


@pytest.mark.parametrize("seed", range(6))
async def test_a_preview_says_what_the_change_then_does(world: World, seed: int) -> None:
    chance = random.Random(seed)
    zone = chance.choice(["UTC", "Asia/Kolkata", "America/New_York"])
    doctor, me = await world.doctor(time_zone=zone, consultation_types=["VIDEO", "IN_PERSON"])
    for slot in chance.sample((await world.slots(doctor))[10:100], 8):
        await world.paid(world.patient(), slot)
    for _ in range(4):
        day = (await world.now()).date() + timedelta(days=chance.randint(1, 4))
        method, path, body = some_change(chance, doctor, day, [])
        shown = await me.call("POST", f"{path}/preview", body)
        if needed := [hit for hit in shown["bookings"] if hit["outcome"] == "needed"]:
            assert (await me.ask(method, path, body)).status_code == 409
            body["bookings"] = [
                {"appointment_id": hit["appointment_id"], "action": "cancel"} for hit in needed
            ]
            shown = await me.call("POST", f"{path}/preview", body)
        before = await free(world)
        done = await me.call(method, path, body)
        after = await free(world)
        assert done["bookings"] == shown["bookings"]
        assert len(shown["slots"]) <= 1000
        if sum(shown[f"slots_{what}"] for what in ("added", "removed", "blocked", "changed")) <= 1000:
            assert times(shown, "added") == after - before
            assert times(shown, "removed") == before - after - times(shown, "blocked")
            assert before - after <= times(shown, "removed", "blocked")
        assert shown["slots_added"] == len(after - before)
