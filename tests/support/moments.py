"""Moments as messages write them, read back: `Sun, 14 Mar 2027, 01:30 EST (America/New_York)`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SHOWN = re.compile(r"\w{3}, (\d+) (\w{3}) (\d{4}), (\d\d):(\d\d) (\S+) \(([A-Za-z]+/[A-Za-z_]+)\)")
HALF_AN_HOUR = timedelta(minutes=30)


def changes_of(zone: str, since: datetime) -> list[datetime]:
    """The moments of the year from `since` on at which the clocks of `zone` change, in UTC."""
    clocks = ZoneInfo(zone)
    moment = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    until = moment + timedelta(days=365)
    found = []
    while moment < until:
        later = moment + HALF_AN_HOUR
        if moment.astimezone(clocks).utcoffset() != later.astimezone(clocks).utcoffset():
            found.append(later)
        moment = later
    return found


def moments_of(text: str) -> Iterator[datetime]:
    """Every moment that `text` names, read back by the zone and the abbreviation that stand beside it."""
    for day, month, year, hour, minute, abbreviation, zone in SHOWN.findall(text):
        read = {
            candidate.astimezone(UTC)
            for fold in (0, 1)
            if (
                candidate := datetime(
                    int(year),
                    MONTHS.index(month) + 1,
                    int(day),
                    int(hour),
                    int(minute),
                    tzinfo=ZoneInfo(zone),
                    fold=fold,
                )
            ).tzname()
            == abbreviation
        }
        assert len(read) == 1, f"{day} {month} {hour}:{minute} {abbreviation} is not one moment in {zone}"
        yield read.pop()


def visible(html: str) -> str:
    """What somebody reads of it."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))
