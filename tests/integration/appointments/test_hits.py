"""Which bookings lie outside of the hours: the planner's own rule, and a plain reading of the hours."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.integration.appointments.test_preview import AVAILABILITY, some_windows
from tests.integration.appointments.world import WHY, Json, World

# Every free slot, as each type that it offers, as if it were booked.
WOULD_LIE_OUTSIDE = """
SELECT v.starts_at, v.ends_at, t AS consultation_type, lies_outside_hours(
    jsonb_populate_record(NULL::appointments, to_jsonb(v) || jsonb_build_object('consultation_type', t)), d) AS outside
FROM {slots} v JOIN doctors d ON d.id = v.doctor_id CROSS JOIN unnest(v.consultation_types) AS t
"""


def minutes(text: str) -> int:
    hours, _, rest = text.partition(":")
    return int(hours) * 60 + int(rest)


def covered(start: datetime, length: timedelta, kind: str, windows: list[Json]) -> bool:
    """Whether the visit's minutes by the local clock all lie in windows for its type."""
    begin = start.hour * 60 + start.minute
    open_minutes = {
        minute
        for window in windows
        if window["consultation_types"] is None or kind in window["consultation_types"]
        for minute in range(minutes(window["start_time"]), minutes(window["end_time"]))
    }
    return set(range(begin, begin + int(length.total_seconds()) // 60)) <= open_minutes


@pytest.mark.parametrize("seed", range(4))
async def test_bookings_are_outside_exactly_when_the_hours_say_so(world: World, seed: int) -> None:
    chance = random.Random(seed)
    zone = chance.choice(["Asia/Kolkata", "America/New_York", "Australia/Lord_Howe"])
    doctor, me = await world.doctor(time_zone=zone, slot_minutes=chance.choice([30, 45, 60]))
    booked = await world.db.fetch("SELECT to_jsonb(v) AS slot FROM available_slots v")
    today = date.fromisoformat((await world.now()).astimezone(ZoneInfo(zone)).date().isoformat())
    week = {day: some_windows(chance) for day in range(1, 8)}
    hours = [{"weekday": day, **window} for day, windows in week.items() for window in windows]
    await me.call("POST", f"{AVAILABILITY}/weekly", {"doctor_id": doctor["doctor_id"], "hours": hours})
    days: dict[date, list[Json]] = {}
    for ahead in (3, 5):
        days[today + timedelta(days=ahead)] = windows = some_windows(chance)
        body = {
            "doctor_id": doctor["doctor_id"],
            "day": str(today + timedelta(days=ahead)),
            "hours": windows,
        }
        await me.call("PUT", f"{AVAILABILITY}/overrides", body)
    for ahead in (5, 7):
        body = {"day": str(today + timedelta(days=ahead)), "name": "Ours", "reason": WHY}
        await world.admin.call("POST", f"/api/v1/clinics/{doctor['clinic_id']}/holidays", body)
    closed = {today + timedelta(days=7)}
    populated = WOULD_LIE_OUTSIDE.format(
        slots="(SELECT (jsonb_populate_record(NULL::available_slots, s)).* FROM jsonb_array_elements($1) AS s)"
    )
    slots: list[Any] = [row["slot"] for row in booked]
    for row in await world.db.fetch(populated, slots):
        local = row["starts_at"].astimezone(ZoneInfo(zone))
        usual = [] if local.date() in closed else week[local.isoweekday()]
        windows = days.get(local.date(), usual)
        inside = covered(local, row["ends_at"] - row["starts_at"], row["consultation_type"], windows)
        assert row["outside"] is not inside, (local, row["consultation_type"], windows)
    # And whatever the planner makes by these hours lies within them.
    planned = await world.db.fetch(WOULD_LIE_OUTSIDE.format(slots="available_slots"))
    assert [row for row in planned if row["outside"]] == []
