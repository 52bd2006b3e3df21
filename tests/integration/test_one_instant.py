"""A visit is at one moment around a change of the clocks, in the API, on page, mail, SMS, invitation and receipt."""

from __future__ import annotations

import email
import re
from datetime import UTC, datetime, timedelta
from email.message import Message

import httpx
import pytest
from icalendar import Calendar

from tests.support.moments import changes_of, moments_of, visible
from tests.support.postgres import Databases
from tests.support.receipts import text_of
from tests.support.sandbox import Json, Sandbox
from tests.support.system import Caller, System, running_system

NEW_YORK, LONDON, KOLKATA = "America/New_York", "Europe/London", "Asia/Kolkata"
HOURS = {
    "Eastern Standard Time": -5,
    "Eastern Daylight Time": -4,
    "Greenwich Mean Time": 0,
    "British Summer Time": 1,
}
# When the clocks of New York change, by those of the doctor.
WORKS = {NEW_YORK: ("00:00", "06:00"), KOLKATA: ("09:30", "15:30")}
BY_TEXT = {"type": "APPOINTMENT_CONFIRMED", "channel": "SMS", "enabled": True}
ON_PAGE = re.compile(
    r'<time datetime="([^"]+)"[^>]*>\s*\w+, (\d+ \w+)(?: \d{4})?\s*</time>.*?(\d+:\d\d)( [ap]m)? – \d+:\d\d ([ap]m)'
)


async def test_the_patients_page_gives_the_receipt_by_the_readers_clocks(system: System) -> None:
    patient = await system.patient()
    slot = (await system.slots(await system.doctor(time_zone=KOLKATA)))[0]
    visit = await _paid(system, patient, slot)
    await system.settle()
    for reader in (NEW_YORK, KOLKATA):
        paper = text_of(await _from_site(system, patient, f"{_on_site(visit)}/receipt.pdf", reader))
        assert _starts_at(slot) in set(moments_of(paper))
        assert f"({reader})" in paper


@pytest.mark.failure_row(46, 47)
@pytest.mark.long
@pytest.mark.parametrize("which", [0, 1])  # one is in spring, one in autumn
@pytest.mark.parametrize(("doctors", "readers"), [(NEW_YORK, LONDON), (KOLKATA, NEW_YORK)])
async def test_every_surface_says_the_same_moment_on_both_sides_of_a_change_of_the_clocks(
    databases: Databases, own_sandbox: Sandbox, doctors: str, readers: str, which: int
) -> None:
    async with running_system(databases, own_sandbox) as system:
        change = changes_of(NEW_YORK, await system.clock.now() + timedelta(days=5))[which]
        await system.clock.move_to(change - timedelta(days=3))
        system.admin = await system.sign_in(email=system.admin.account["email"])
        doctor = await _open_around_the_change(system, doctors)
        patient = await system.patient()
        await patient.call("PATCH", "/api/v1/accounts/me", {"time_zone": readers})
        await patient.call("PUT", "/api/v1/notifications/preferences", {"choices": [BY_TEXT]})
        slots = sorted(await system.slots(doctor), key=_starts_at)
        before = [slot for slot in slots if _starts_at(slot) < change][-1]
        after = next(slot for slot in slots if _starts_at(slot) >= change)
        # An hour that comes twice is offered once: the second time.
        assert _starts_at(after) - _starts_at(before) <= timedelta(minutes=90)
        visits = [await _paid(system, patient, slot) for slot in (before, after)]
        await system.settle()
        for slot, visit in zip((before, after), visits, strict=True):
            await _says_the_same(system, patient, visit, _starts_at(slot), readers)


def _starts_at(slot: Json) -> datetime:
    return datetime.fromisoformat(slot["starts_at"])


async def _open_around_the_change(system: System, zone: str) -> Json:
    """A doctor who works while the clocks of New York change."""
    doctor = await system.doctor(time_zone=zone)
    start, end = WORKS[zone]
    hours = [{"weekday": day, "start_time": start, "end_time": end} for day in range(1, 8)]
    await system.admin.call(
        "POST",
        "/api/v1/availability/weekly",
        {"doctor_id": doctor["doctor_id"], "hours": hours, "reason": "A test needs it"},
    )
    return doctor


async def _paid(system: System, patient: Caller, slot: Json) -> Json:
    booking = await system.book(patient, slot)
    await system.sandbox.pay(booking["payment"]["order_id"])
    return await system.becomes(patient, booking, "confirmed")


async def _says_the_same(system: System, patient: Caller, visit: Json, moment: datetime, reader: str) -> None:
    found = await patient.call("GET", f"/api/v1/appointments/{visit['appointment_id']}")
    assert _starts_at(found) == moment

    assert await _on_the_page(system, patient, visit, reader) == {moment}

    await _on_the_receipt(system, patient, found, moment, reader)

    (mail,) = [
        mail
        for mail in await system.sandbox.mails(patient.account["email"])
        if mail["subject"].startswith("Confirmed:") and moment in set(moments_of(mail["text"]))
    ]
    assert set(moments_of(mail["text"])) == {moment} == set(moments_of(visible(mail["html"])))
    assert f"({reader})" in mail["text"]
    raw = email.message_from_bytes(await system.sandbox.raw_mail(mail["id"]))
    [entry] = Calendar.from_ical(_invitation(raw)).events
    assert moment == entry.DTSTART

    texts = [text["body"] for text in await system.sandbox.texts(patient.account["phone"])]
    (text,) = [text for text in texts if moment in set(moments_of(text))]
    assert set(moments_of(text)) == {moment}
    assert f"({reader})" in text


async def _on_the_receipt(
    system: System, patient: Caller, visit: Json, moment: datetime, reader: str
) -> None:
    """As JSON, and as a file, which is that of the patient's page to the byte."""
    path = f"/api/v1/payments/{visit['payment']['payment_id']}/receipt"
    receipt = await patient.call("GET", path)
    assert _starts_at(receipt) == moment
    pdf = (await patient.ask("GET", f"{path}.pdf?time_zone={reader}")).content
    told = re.findall(r" Visit (.*?\))", text_of(pdf))
    assert [list(moments_of(line)) for line in told] == [[moment]]
    assert told[0].endswith(f"({reader})")
    assert await _from_site(system, patient, f"{_on_site(visit)}/receipt.pdf", reader) == pdf


def _on_site(visit: Json) -> str:
    return f"/my/appointments/{visit['appointment_id']}"


async def _from_site(system: System, patient: Caller, path: str, zone: str) -> bytes:
    token = patient.http.headers["authorization"].removeprefix("Bearer ")
    cookies = {"niyat_access": token, "zone": zone, "language": "en"}
    async with httpx.AsyncClient(base_url=system.address, cookies=cookies, trust_env=False) as browser:
        return (await browser.get(path, timeout=30)).raise_for_status().content


async def _on_the_page(system: System, patient: Caller, visit: Json, reader: str) -> set[datetime]:
    """As a machine reads it, and as the patient does."""
    page = (await _from_site(system, patient, _on_site(visit), reader)).decode()
    ticket = page[page.index("ticket-head") : page.index("ticket-body")]
    shown = ON_PAGE.search(" ".join(ticket.split()).replace("\u202f", " "))
    assert shown, ticket
    machine, day, clock, half, last_half = shown.groups()
    (zone,) = [name for name in HOURS if name in ticket]
    known = datetime.fromisoformat(machine)
    written = f"{day} {known.astimezone(UTC).year} {clock} {(half or last_half).strip()}"
    at = datetime.strptime(f"{written} {HOURS[zone]:+03d}00", "%d %B %Y %I:%M %p %z")
    return {known, at.astimezone(UTC)}


def _invitation(mail: Message) -> str:
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()
