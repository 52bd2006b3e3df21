"""What a doctor's slots must come to, change by change: a model in Python of what the planner does in SQL."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from tests.integration.appointments.reckoning import DAY, MINUTE, Kind, Window, slots_of, zone_of

Span: TypeAlias = tuple[datetime, datetime]


@dataclass(frozen=True)
class Terms:
    """How one type is offered, in minutes, minor units and days."""

    length: int
    before: int = 0
    after: int = 0
    fee: int = 50_000
    notice: int = 0
    advance: int = 30

    def busy(self, span: Span) -> Span:
        return span[0] - self.before * MINUTE, span[1] + self.after * MINUTE


@dataclass(frozen=True)
class Hours:
    """A window of a day, in minutes from its midnight. No kinds: all that are offered."""

    begin: int
    end: int
    kinds: tuple[str, ...] | None = None


@dataclass
class Slot:
    kinds: frozenset[str]
    planned_as: str


def overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and one[1] > other[0]


@dataclass
class Schedule:
    """A doctor's offer and hours, and every slot that was made of them and not dropped since."""

    id: UUID
    account_id: UUID
    zone: str
    offer: dict[str, Terms]
    week: tuple[Hours, ...]
    days: dict[date, tuple[Hours, ...]] = field(default_factory=dict)
    blocks: dict[UUID, Span] = field(default_factory=dict)
    slots: dict[Span, Slot] = field(default_factory=dict)
    planned_until: date | None = None

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(zone_of(self.zone)).replace(tzinfo=None)

    def hours(self, day: date) -> tuple[Hours, ...]:
        return self.days.get(day, self.week)

    def replan(self, now: datetime, days_ahead: int, taken: AbstractSet[Span]) -> set[Span]:
        """Everything after `now` follows the schedule, but what is `taken` stays; the spans that are dropped."""
        today = self.local(now).date()
        plan = self._plan(now, today, today + days_ahead * DAY)
        stale = {span for span in self.slots if span[0] > now and span not in plan}
        for span in stale & taken:
            self.slots[span].planned_as = "blocked"
        for span in stale - taken:
            del self.slots[span]
        self.slots |= plan
        self.planned_until = today + days_ahead * DAY
        return stale - taken

    def extend(self, now: datetime, days_ahead: int) -> None:
        """The days that are not planned yet are."""
        today = self.local(now).date()
        last = today + days_ahead * DAY
        if self.planned_until is not None and self.planned_until >= last:
            return
        first = max(today, self.planned_until + DAY) if self.planned_until else today
        self.slots |= self._plan(now, first, last)
        self.planned_until = last

    def covers(self, span: Span, kind: str) -> bool:
        """Whether the day's hours for `kind` hold all of the visit."""
        begin = self.local(span[0])
        minutes = begin.hour * 60 + begin.minute
        wanted = range(minutes, minutes + int((span[1] - span[0]) / MINUTE))
        open_for = [hours for hours in self.hours(begin.date()) if hours.kinds is None or kind in hours.kinds]
        return all(any(h.begin <= minute < h.end for h in open_for) for minute in wanted)

    def offers(self, span: Span, kind: str) -> bool:
        return kind in self.offer and kind in self.slots[span].kinds

    def too_soon_or_far(self, span: Span, kind: str, now: datetime) -> str | None:
        """Why a patient may not have `span` now, by the rules of `kind`; None when they may."""
        terms = self.offer.get(kind)
        if terms is None:
            return None
        if span[0] <= now or span[0] < now + terms.notice * MINUTE:
            return "notice-too-short"
        return "too-far-ahead" if span[0] >= now + timedelta(days=terms.advance) else None

    def _plan(self, now: datetime, first: date, last: date) -> dict[Span, Slot]:
        found = {}
        for day in (first + n * DAY for n in range((last - first).days + 1)):
            windows = [Window(h.begin, h.end, self._kinds(h)) for h in self.hours(day)]
            for span, kinds in slots_of(zone_of(self.zone), day, windows).items():
                if span[0] > now:
                    blocked = any(overlap(span, block) for block in self.blocks.values())
                    found[span] = Slot(kinds, "blocked" if blocked else "available")
        return found

    def _kinds(self, hours: Hours) -> tuple[Kind, ...]:
        return tuple(
            Kind(name, terms.length, terms.before, terms.after)
            for name, terms in self.offer.items()
            if hours.kinds is None or name in hours.kinds
        )
