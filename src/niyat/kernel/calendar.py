"""Visits as iCalendar (RFC 5545): for feeds and files, and as invitations by mail (RFC 5546). Values in, text out.

Whoever writes about a visit writes the same UID and SEQUENCE from here, so that a calendar which hears of it twice
keeps one entry, the newest. Times are in UTC: a visit is an instant and does not recur, every client reads UTC, and
none then depends on a copy of a zone's rules that may have changed. The client shows its owner's own time.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from icalendar import Calendar, Event, vCalAddress, vText

PRODUCT = "-//Niyat//Niyat//EN"
MEDIA_TYPE = "text/calendar; charset=utf-8"
REFRESH = timedelta(hours=1)

ESCAPED = str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n"})
LINE_BREAKS = str.maketrans({"\r": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"})


class EventStatus(StrEnum):
    """What a calendar says of a visit: it takes place, it may, it does not."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEvent:
    """One visit as one person's calendar shows it. Calendars are synced and shared: no health data belongs in here."""

    appointment_id: UUID
    revision: int
    status: EventStatus
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    summary: str
    description: str
    location: str
    url: str

    @property
    def uid(self) -> str:
        """The same for ever, wherever the clinic's pages move to: the appointment's id, as RFC 7986 (5.3) prefers."""
        return str(self.appointment_id)

    @property
    def sequence(self) -> int:
        """The revision. A cancellation is one more (RFC 5546, 3.2.5), and nothing comes after it."""
        return self.revision + (self.status is EventStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody whom an invitation names."""

    email: str
    name: str


def calendar(events: Sequence[CalendarEvent], *, name: str) -> bytes:
    """A calendar to keep or to subscribe to. It names no METHOD: nobody is asked for an answer."""
    made = _calendar(events)
    for key in ("name", "x-wr-calname"):
        made.add(key, _Text(_plain(name)))
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    return _written(made)


def invitation(event: CalendarEvent, *, organizer: Party, attendee: Party) -> tuple[str, bytes]:
    """The METHOD, which the mail's Content-Type has to name too, and the text: REQUEST, or CANCEL of what is off."""
    method = "CANCEL" if event.status is EventStatus.CANCELLED else "REQUEST"
    made = _calendar([event])
    made.add("method", method)
    [entry] = made.events
    entry.add("organizer", _address(organizer))
    # The visit is booked already: no answer is wanted.
    answer = {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}
    entry.add("attendee", _address(attendee), parameters=answer)
    return method, _written(made)


def _calendar(events: Sequence[CalendarEvent]) -> Calendar:
    made = Calendar()
    made.add("version", "2.0")
    made.add("prodid", PRODUCT)
    made.add("calscale", "GREGORIAN")
    for event in events:
        made.add_component(_entry(event))
    return made


def _written(made: Calendar) -> bytes:
    text: bytes = made.to_ical()
    return text


def _entry(event: CalendarEvent) -> Event:
    off = event.status is EventStatus.CANCELLED
    changed = event.changed_at.astimezone(UTC)
    entry = Event()
    entry.add("uid", event.uid)
    entry.add("sequence", event.sequence)
    entry.add("status", event.status.value)
    entry.add("dtstamp", changed)
    entry.add("last-modified", changed)
    entry.add("dtstart", event.starts_at.astimezone(UTC))
    entry.add("dtend", event.ends_at.astimezone(UTC))
    entry.add("class", "PRIVATE")
    entry.add("transp", "TRANSPARENT" if off else "OPAQUE")
    entry.add("summary", _Text(_plain(event.summary)))
    entry.add("description", _Text(_plain(event.description)))
    if event.location:
        entry.add("location", _Text(_plain(event.location)))
    entry.add("url", event.url)
    return entry


def _address(party: Party) -> vCalAddress:
    address = vCalAddress(f"mailto:{party.email}")
    address.params["CN"] = _plain(party.name).replace("\n", " ")
    return address


class _Text(vText):
    """The library would write `\\N`, as in C:\\New, as a line break."""

    def to_ical(self) -> bytes:
        return self.translate(ESCAPED).encode()


def _plain(value: str) -> str:
    """`value` with line breaks as `\\n` and without the control characters that TEXT (RFC 5545, 3.3.11) excludes."""
    lines = value.replace("\r\n", "\n").translate(LINE_BREAKS)
    return "".join(c if c in "\n\t" or unicodedata.category(c) != "Cc" else " " for c in lines)
