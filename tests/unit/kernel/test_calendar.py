"""Calendars are read back by two parsers that know nothing of each other: icalendar and vobject."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import vobject
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from niyat.kernel.calendar import CalendarEvent, EventStatus, Party, calendar, invitation

STARTS_AT = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # half an hour before Europe's clocks go forward
EVENT = CalendarEvent(
    appointment_id=UUID("01999999-0000-7000-8000-000000000001"),
    revision=2,
    status=EventStatus.CONFIRMED,
    starts_at=STARTS_AT,
    ends_at=STARTS_AT + timedelta(hours=1),
    changed_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
    summary="Video consultation with Dr. Meera Iyer",
    description="Details: https://clinic.example/my/appointments/1",
    location="12 Lake View Road, Bengaluru",
    url="https://clinic.example/my/appointments/1",
)

# What people write: any script, with the characters that iCalendar escapes, long enough to be folded.
LETTERS = st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S", "Zs"))
WORDS = st.text(st.one_of(st.sampled_from(';,\\:"\n\t^nN'), LETTERS), min_size=1, max_size=200)
NAMES = st.one_of(WORDS, st.sampled_from(["डॉ. सुनीता शर्मा", "डॉ. सुनीता शर्मा; " * 20, "a\\nb", "C:\\New\\;,"]))


def read(text: bytes) -> Any:
    [entry] = Calendar.from_ical(text).events
    return entry


def read_by_another(text: bytes) -> Any:
    return vobject.readOne(text.decode()).vevent


def test_an_event_is_read_back_by_both() -> None:
    text = calendar([EVENT], name="Appointments")
    entry, other = read(text), read_by_another(text)
    assert str(entry["uid"]) == other.uid.value == str(EVENT.appointment_id)
    assert entry["sequence"] == int(other.sequence.value) == 2
    assert str(entry["status"]) == other.status.value == "CONFIRMED"
    assert str(entry["class"]) == "PRIVATE"
    assert entry["dtstamp"].dt == entry["last-modified"].dt == EVENT.changed_at
    assert str(entry["url"]) == other.url.value == EVENT.url


@given(st.sampled_from(["Asia/Kolkata", "America/New_York", "Europe/London", "Australia/Lord_Howe"]))
def test_the_instant_is_the_same_in_every_zone(zone: str) -> None:
    local = replace(EVENT, starts_at=STARTS_AT.astimezone(ZoneInfo(zone)))
    text = calendar([local], name="Appointments")
    assert b"DTSTART:20260329T003000Z" in text
    assert read(text)["dtstart"].dt == read_by_another(text).dtstart.value == STARTS_AT


@given(NAMES, NAMES)
def test_words_survive_folding_and_escaping(summary: str, location: str) -> None:
    text = calendar([replace(EVENT, summary=summary, location=location)], name=summary)
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    entry, other = read(text), read_by_another(text)
    assert str(entry["summary"]) == other.summary.value == summary
    assert str(entry["location"]) == other.location.value == location


@given(st.text(st.characters(codec="utf-8")))
def test_no_text_breaks_out_of_its_line(words: str) -> None:
    text = calendar([replace(EVENT, summary=words)], name="Appointments")
    assert text.count(b"\nSTATUS:") == text.count(b"\nEND:VEVENT") == 1
    assert read(text)["status"] == read_by_another(text).status.value == "CONFIRMED"
    assert not {*range(0x20)} - {0x09, 0x0A, 0x0D} & {*text}


def test_a_cancellation_has_the_same_uid_a_higher_sequence_and_takes_no_time() -> None:
    off = replace(EVENT, status=EventStatus.CANCELLED)
    entry = read(calendar([off], name="Appointments"))
    assert (str(entry["uid"]), entry["sequence"]) == (EVENT.uid, EVENT.sequence + 1)
    assert (str(entry["status"]), str(entry["transp"])) == ("CANCELLED", "TRANSPARENT")


def test_a_subscription_says_when_to_come_again() -> None:
    text = calendar([], name="Appointments")
    assert b"\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r" in text
    assert b"\nX-PUBLISHED-TTL:PT1H\r" in text


@given(NAMES)
def test_an_invitation_names_both_parties_and_asks_nothing(name: str) -> None:
    clinic, patient = Party("clinic@clinic.example", "Clinic"), Party("p@patient.example", name)
    method, text = invitation(EVENT, organizer=clinic, attendee=patient)
    assert method == "REQUEST" == str(Calendar.from_ical(text)["method"])
    entry = read(text)
    assert (str(entry["uid"]), entry["sequence"]) == (EVENT.uid, EVENT.sequence)
    assert str(entry["organizer"]) == "mailto:clinic@clinic.example"
    assert str(entry["attendee"]) == "mailto:p@patient.example"
    assert entry["attendee"].params["RSVP"] == "FALSE"


def test_what_is_off_is_an_invitation_cancelled() -> None:
    off = replace(EVENT, status=EventStatus.CANCELLED)
    method, text = invitation(off, organizer=Party("c@c.example", "C"), attendee=Party("p@p.example", "P"))
    assert method == "CANCEL" == str(Calendar.from_ical(text)["method"])
    assert read(text)["sequence"] == EVENT.sequence + 1
