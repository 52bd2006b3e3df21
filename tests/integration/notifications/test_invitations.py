"""A visit enters the patient's calendar with its confirmation, moves in it, and leaves it: one entry, three mails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import vobject
from icalendar import Calendar

from tests.support.notifications import World
from tests.support.notifications_visits import Visit, cancelled, confirmed, rescheduled

LONGEST_LINE = 998


async def mails_of(world: World, visit: Visit) -> list[EmailMessage]:
    """What this visit's patient got, oldest first, checked as MIME."""
    found = []
    for listed in reversed(await world.sandbox.mails(visit.email)):
        raw = await world.sandbox.raw_mail(listed["id"])
        assert raw.isascii()
        assert all(len(line) <= LONGEST_LINE for line in raw.split(b"\r\n"))
        assert b"\n" not in raw.replace(b"\r\n", b"")
        message = message_from_bytes(raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        for part in message.walk():
            assert part.defects == []
        found.append(message)
    return found


def invitation_in(message: EmailMessage) -> tuple[str, str]:
    """The header's method and the text of the invitation, which the file beside it repeats."""
    assert message.get_content_type() == "multipart/mixed"
    words, file = message.iter_parts()
    assert [part.get_content_type() for part in words.iter_parts()] == [
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    part = list(words.iter_parts())[-1]
    assert part.get_content_charset() == "utf-8"
    assert file.get_payload(decode=True) == part.get_payload(decode=True)
    return str(part.get_param("method")), str(part.get_content())


async def test_a_visit_is_invited_to_moved_and_cancelled_in_one_entry(world: World) -> None:
    visit = await world.visit(name="Asha", language="en")
    await world.events(confirmed(visit))
    await world.deliver()
    later = visit.starts_at + timedelta(days=1)
    world.appointments.change(
        visit.appointment_id, revision=1, starts_at=later, ends_at=later + timedelta(minutes=30)
    )
    await world.events(rescheduled(visit, later, 1))
    await world.deliver()
    world.appointments.change(visit.appointment_id, status="cancelled")
    await world.events(cancelled(visit, revision=1, starts_at=later, ends_at=later + timedelta(minutes=30)))
    await world.deliver()

    told = [invitation_in(message) for message in await mails_of(world, visit)]
    assert [method for method, _ in told] == ["REQUEST", "REQUEST", "CANCEL"]
    uids, sequences, starts = set(), [], []
    for method, text in told:
        [entry] = Calendar.from_ical(text).events
        second = vobject.readOne(text)  # a reader that shares no code with the writer
        assert Calendar.from_ical(text)["METHOD"] == method == second.method.value
        assert str(entry["UID"]) == second.vevent.uid.value
        assert second.vevent.dtstart.value == entry.DTSTART
        assert "mailto:no-reply@clinic.example" in str(entry["ORGANIZER"])
        assert f"mailto:{visit.email}" in str(entry["ATTENDEE"])
        assert str(entry["STATUS"]) == ("CANCELLED" if method == "CANCEL" else "CONFIRMED")
        uids.add(str(entry["UID"]))
        sequences.append(int(str(entry["SEQUENCE"])))
        starts.append(entry.DTSTART)
    assert uids == {str(visit.appointment_id)}
    assert sequences == [0, 1, 2]
    assert [start.astimezone(UTC) for start in starts] == [
        second_of(visit.starts_at),
        *[second_of(later)] * 2,
    ]


def second_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


async def test_what_never_stood_in_a_calendar_is_not_cancelled_there(world: World) -> None:
    visit = await world.visit()
    world.appointments.change(visit.appointment_id, status="cancelled")
    await world.events(cancelled(visit, was_confirmed=False, cancelled_by="admin"))
    await world.deliver()
    (message,) = await mails_of(world, visit)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


async def test_an_invitation_in_hindi_names_the_visit_in_hindi_and_leads_to_our_page(world: World) -> None:
    visit = await world.visit(name="आशा", language="hi")
    await world.events(confirmed(visit))
    await world.deliver()
    (message,) = await mails_of(world, visit)
    _, text = invitation_in(message)
    [entry] = Calendar.from_ical(text).events
    assert str(entry["SUMMARY"]) == "Dr Meera Rao के साथ वीडियो मुलाक़ात"
    assert str(entry["URL"]) == f"https://clinic.example/my/appointments/{visit.appointment_id}"
    assert entry["ATTENDEE"].params["CN"] == "आशा"
