"""For any schedule, zone and dates: the slots are those of the rule, minute by minute, and planning again changes
nothing. The days are around every clock change of thirty years, and others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import strategies as st

from niyat.appointments.commands.generate import generate
from niyat.appointments.commands.plan import replan
from niyat.kernel.ids import new_id
from tests.integration.appointments.reckoning import (
    DAY,
    MINUTE,
    Kind,
    Slots,
    Window,
    clock_changes,
    slots_of,
    zone_of,
)
from tests.integration.appointments.world import World
from tests.support.postgres import Databases
from tests.support.properties import for_all

ZONES = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "America/Santiago",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
)
FREE_CLOCK = "ALTER TABLE niyat_clock DISABLE TRIGGER ALL"  # each example has a now of its own
TYPES = ("AUDIO", "IN_PERSON", "VIDEO")
FIRST, LAST = date(2007, 1, 1), date(2037, 1, 1)


@dataclass(frozen=True)
class Schedule:
    """A doctor's, seen from `now`: windows by weekday (1 is Monday), and by day from today for overridden ones."""

    offer: tuple[Kind, ...]
    week: dict[int, tuple[Window, ...]]
    overridden: dict[int, tuple[Window, ...]]
    blocked: tuple[tuple[int, int], ...]  # minutes from now
    now: datetime
    days_ahead: int


@cache
def eventful(zone: str) -> list[date]:
    return clock_changes(zone_of(zone), FIRST, LAST)


def windows(offer: tuple[Kind, ...]) -> st.SearchStrategy[tuple[Window, ...]]:
    edges = st.lists(st.integers(0, 288), max_size=8, unique=True)
    kinds = st.sets(st.sampled_from(offer), min_size=1).map(lambda some: tuple(sorted(some, key=str)))

    @st.composite
    def some(draw: Any) -> tuple[Window, ...]:
        if draw(st.integers(0, 3)) == 0:
            return (Window(0, 1440, draw(kinds)),)
        steps = [5 * edge for edge in sorted(draw(edges))]
        return tuple(
            Window(begin, end, draw(kinds)) for begin, end in zip(steps[::2], steps[1::2], strict=False)
        )

    return some()


@st.composite
def schedules(draw: Any, zone: str) -> Schedule:
    buffers = st.sampled_from((0, 0, 5, 10))
    lengths = st.sampled_from((5, 15, 20, 30, 45, 50, 60, 90, 180))
    names = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True))
    offer = tuple(Kind(name, draw(lengths), draw(buffers), draw(buffers)) for name in names)
    any_day = st.dates(FIRST, LAST)
    day = draw(st.sampled_from(eventful(zone)) | any_day if eventful(zone) else any_day)
    now = datetime.combine(day, time(12), tzinfo=UTC) - draw(st.integers(0, 4320)) * MINUTE
    return Schedule(
        offer=offer,
        week={weekday: draw(windows(offer)) for weekday in range(1, 8)},
        overridden=draw(st.dictionaries(st.integers(0, 4), windows(offer), max_size=2)),
        blocked=tuple(draw(st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 1500)), max_size=2))),
        now=now,
        days_ahead=draw(st.integers(1, 4)),
    )


def expected(zone: str, schedule: Schedule) -> tuple[Slots, set[tuple[datetime, datetime]]]:
    """Every slot after now, and those of them that are blocked."""
    now = schedule.now
    today = now.astimezone(zone_of(zone)).date()
    found: Slots = {}
    for ahead in range(schedule.days_ahead + 1):
        day = today + ahead * DAY
        hours = schedule.overridden.get(ahead, schedule.week[day.isoweekday()])
        found |= slots_of(zone_of(zone), day, hours)
    found = {slot: kinds for slot, kinds in found.items() if slot[0] > now}
    blocks = [(now + at * MINUTE, now + (at + n) * MINUTE) for at, n in schedule.blocked]
    blocked = {slot for slot in found if any(slot[0] < end and slot[1] > begin for begin, end in blocks)}
    return found, blocked


async def enter(world: World, zone: str, schedule: Schedule) -> UUID:
    """The schedule of a new doctor, seen from its `now`."""
    doctor_id = new_id()
    today = schedule.now.astimezone(zone_of(zone)).date()
    await world.db.execute(
        """WITH c AS (INSERT INTO clinics (id, name) VALUES ($1, 'Clinic') RETURNING id)
           INSERT INTO doctors (id, account_id, clinic_id, name, specialty, currency, time_zone)
           SELECT $1, $1, id, 'Dr Test', 'General medicine', 'INR', $2 FROM c""",
        doctor_id,
        zone,
    )
    await world.db.execute(
        """INSERT INTO consultation_settings (doctor_id, consultation_type, fee_amount, slot_minutes,
               buffer_before_minutes, buffer_after_minutes)
           SELECT $1, o.* FROM unnest($2::text[], $3::int[], $4::int[], $5::int[], $6::int[]) AS o""",
        doctor_id,
        [kind.name for kind in schedule.offer],
        [0 for _ in schedule.offer],
        [kind.length for kind in schedule.offer],
        [kind.before for kind in schedule.offer],
        [kind.after for kind in schedule.offer],
    )
    add = """INSERT INTO {} (doctor_id, {}, start_time, end_time, consultation_types)
             VALUES ($1, $2, $3::text::time, $4::text::time, $5)"""
    weekly, override = (
        add.format("weekly_availability", "weekday"),
        add.format("availability_overrides", "day"),
    )
    for weekday, hours in schedule.week.items():
        for window in hours:
            await world.db.execute(weekly, doctor_id, weekday, *row_of(window, schedule.offer))
    for ahead, hours in schedule.overridden.items():
        for window in hours:
            await world.db.execute(override, doctor_id, today + ahead * DAY, *row_of(window, schedule.offer))
        if not hours:
            await world.db.execute(override, doctor_id, today + ahead * DAY, None, None, None)
    for at, minutes in schedule.blocked:
        begin = schedule.now + at * MINUTE
        await world.db.execute(
            "INSERT INTO blocked_slots (id, doctor_id, starts_at, ends_at, created_by) VALUES ($1, $2, $3, $4, $2)",
            new_id(),
            doctor_id,
            begin,
            begin + minutes * MINUTE,
        )
    return doctor_id


def row_of(window: Window, offer: tuple[Kind, ...]) -> tuple[str, str, list[str] | None]:
    kinds = None if set(window.kinds) == set(offer) else [kind.name for kind in window.kinds]
    return wall(window.begin), wall(window.end), kinds


def wall(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


async def rows(world: World, doctor_id: UUID) -> list[Any]:
    return await world.db.fetch("SELECT * FROM available_slots WHERE doctor_id = $1 ORDER BY id", doctor_id)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.failure_row(46)
async def test_slots_are_those_of_the_rule_around_every_clock_change(
    world: World, databases: Databases, zone: str
) -> None:
    clock = await asyncpg.connect(databases.superuser_url("appointments"))
    await clock.execute(FREE_CLOCK)

    async def holds(schedule: Schedule) -> None:
        await clock.execute("UPDATE niyat_clock SET frozen_at = $1", schedule.now)
        await check(world, zone, schedule)

    try:
        await for_all(schedules(zone), holds, count=30)
    finally:
        await clock.close()


async def check(world: World, zone: str, schedule: Schedule) -> None:
    doctor_id = await enter(world, zone, schedule)
    await world.db.run(replan, [doctor_id], days_ahead=schedule.days_ahead)
    planned = await rows(world, doctor_id)
    slots = {(row["starts_at"], row["ends_at"]): frozenset(row["consultation_types"]) for row in planned}
    wanted, blocked = expected(zone, schedule)
    assert slots == wanted
    assert {(row["starts_at"], row["ends_at"]) for row in planned if row["status"] == "blocked"} == blocked
    assert len(slots) == len(planned)
    for kind in schedule.offer:
        own = sorted(slot for slot, kinds in slots.items() if kind.name in kinds)
        assert all(end - begin == kind.length * MINUTE for begin, end in own)
        assert all(one[1] <= following[0] for one, following in pairwise(own))
        shown = [begin.astimezone(zone_of(zone)).replace(tzinfo=None) for begin, _ in own]
        assert len(set(shown)) == len(shown)
    await world.db.run(replan, [doctor_id], days_ahead=schedule.days_ahead)
    await generate(world.db, days_ahead=schedule.days_ahead, doctors_per_batch=10)
    assert await rows(world, doctor_id) == planned
