"""The hours in which somebody wants to be left alone, by the clocks where they are. Values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `starts` until `ends` by the clocks on the wall, over midnight where `ends` is the earlier one."""

    starts: time
    ends: time

    @property
    def length(self) -> timedelta:
        """How long they are on a day on which no clock is changed."""
        day = date(2000, 1, 1)
        whole = datetime.combine(day, self.ends) - datetime.combine(day, self.starts)
        return whole if whole > timedelta() else whole + DAY

    def until(self, moment: datetime, time_zone: str) -> datetime | None:
        """When they end, in UTC, if `moment` is within them; else None.

        Where a change of the clocks makes an hour twice, or one of the two times never, the longer night counts:
        nobody is woken because a clock was put back.
        """
        zone = ZoneInfo(time_zone)
        today = moment.astimezone(zone).date()
        nights = [self._night(today + DAY * days, zone) for days in (-1, 0, 1)]
        return max((ends for starts, ends in nights if starts <= moment < ends), default=None)

    def _night(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The night that begins on `day`."""
        last = day if self.starts < self.ends else day + DAY
        return min(_instants(day, self.starts, zone)), max(_instants(last, self.ends, zone))


def _instants(day: date, clock: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """By the rules before and after a change of the clocks (PEP 495); otherwise both are the same."""
    before, after = (datetime.combine(day, clock.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
    return before, after
