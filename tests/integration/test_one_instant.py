"""A visit is at one moment, whoever says it: API, page, mail, invitation and receipt, around a change of the clocks."""

from __future__ import annotations

import email
import io
import re
from datetime import UTC, datetime, timedelta
from email.message import Message

import httpx
import pytest
from icalendar import Calendar
from pypdf import PdfReader

from tests.support.moments import changes_of, moments_of, visible
from tests.support.postgres import Databases
from tests.support.sandbox import Json, Sandbox
from tests.support.system import Caller, System, running_system

ZONE = "America/New_York"
HOURS = {"Eastern Standard Time": -5, "Eastern Daylight Time": -4}
ON_PAGE = re.compile(
    r'<time datetime="([^"]+)"[^>]*>\s*\w+, (\d+ \w+)(?: \d{4})?\s*</time>.*?(\d+:\d\d)( [ap]m)? – \d+:\d\d ([ap]m)'
)
ON_RECEIPT = re.compile(r"(\d+ \w+ \d{4}, \d\d:\d\d) (Eastern \w+ Time)")


@pytest.mark.long
@pytest.mark.parametrize("which", [0, 1])  # one is in spring, one in autumn
async def test_every_surface_says_the_same_moment_on_both_sides_of_a_change_of_the_clocks(
    databases: Databases, own_sandbox: Sandbox, which: int
) -> None:
    async with running_system(databases, own_sandbox) as system:
        change = changes_of(ZONE, await system.clock.now() + timedelta(days=5))[which]
        await system.clock.move_to(change - timedelta(days=3))
        system.admin = await system.sign_in(email=system.admin.account["email"])
        doctor = await _open_at_night(system)
        patient = await system.patient()
        await patient.call("PATCH", "/api/v1/accounts/me", {"time_zone": ZONE})
        slots = sorted(await system.slots(doctor), key=_starts_at)
        before = [slot for slot in slots if _starts_at(slot) < change][-1]
        after = next(slot for slot in slots if _starts_at(slot) >= change)
        # An hour that comes twice is offered once: the second time.
        assert _starts_at(after) - _starts_at(before) <= timedelta(minutes=90)
        visits = [await _paid(system, patient, slot) for slot in (before, after)]
        await system.settle()
        for slot, visit in zip((before, after), visits, strict=True):
            await _says_the_same(system, patient, visit, _starts_at(slot))


def _starts_at(slot: Json) -> datetime:
    return datetime.fromisoformat(slot["starts_at"])


async def _open_at_night(system: System) -> Json:
    """A doctor whose clocks change, and who works while they do."""
    doctor = await system.doctor(time_zone=ZONE)
    hours = [{"weekday": day, "start_time": "00:00", "end_time": "06:00"} for day in range(1, 8)]
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


async def _says_the_same(system: System, patient: Caller, visit: Json, moment: datetime) -> None:
    path = f"/api/v1/appointments/{visit['appointment_id']}"
    found = await patient.call("GET", path)
    assert _starts_at(found) == moment

    assert await _on_the_page(system, patient, visit["appointment_id"]) == {moment}

    payment = f"/api/v1/payments/{found['payment']['payment_id']}/receipt"
    receipt = await patient.call("GET", payment)
    assert _starts_at(receipt) == moment
    pdf = (await patient.ask("GET", f"{payment}.pdf")).content
    said = {
        _at(written, zone, "%d %B %Y, %H:%M")
        for written, zone in ON_RECEIPT.findall(PdfReader(io.BytesIO(pdf)).pages[0].extract_text())
    }
    assert said == {moment}

    (mail,) = [
        mail
        for mail in await system.sandbox.mails(patient.account["email"])
        if mail["subject"].startswith("Confirmed:") and moment in set(moments_of(mail["text"]))
    ]
    assert set(moments_of(mail["text"])) == {moment} == set(moments_of(visible(mail["html"])))
    raw = email.message_from_bytes(await system.sandbox.raw_mail(mail["id"]))
    [entry] = Calendar.from_ical(_invitation(raw)).events
    assert moment == entry.DTSTART


async def _on_the_page(system: System, patient: Caller, appointment_id: str) -> set[datetime]:
    """As a machine reads it, and as the patient does."""
    token = patient.http.headers["authorization"].removeprefix("Bearer ")
    cookies = {"niyat_access": token, "zone": ZONE, "language": "en"}
    async with httpx.AsyncClient(base_url=system.address, cookies=cookies, trust_env=False) as browser:
        page = (await browser.get(f"/my/appointments/{appointment_id}", timeout=30)).raise_for_status().text
    ticket = page[page.index("ticket-head") : page.index("ticket-body")]
    shown = ON_PAGE.search(" ".join(ticket.split()).replace("\u202f", " "))
    assert shown, ticket
    machine, day, clock, half, last_half = shown.groups()
    (zone,) = [name for name in HOURS if name in ticket]
    known = datetime.fromisoformat(machine)
    written = f"{day} {known.astimezone(UTC).year} {clock} {(half or last_half).strip()}"
    return {known, _at(written, zone, "%d %B %Y %I:%M %p")}


def _at(written: str, zone: str, pattern: str) -> datetime:
    """The moment, by the name of the zone that stands beside it."""
    return datetime.strptime(f"{written} {HOURS[zone]:+03d}00", f"{pattern} %z").astimezone(UTC)


def _invitation(mail: Message) -> str:
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()
