"""Who comes and why is for the patient, the doctor and the clinic: in no log, event, message or calendar."""

from __future__ import annotations

import asyncpg
import pytest

from niyat.app import SERVICES
from tests.support.system import Caller, System

REASON, NAME = "Zqxmarker cough at night", "Zqxmarker Asha"
MARKER = "zqxmarker"
KEPT_IN = {"appointments", "family_members", "waitlist_entries", "idempotency_keys"}
"""Tables of appointments: the records themselves, and the answers kept for whoever asks again."""


async def everything_about(system: System, patient: Caller, doctor: Caller) -> str:
    """A visit for a family member, from the line to the refund; what calendars were told."""
    doctor_id = doctor.account["doctor_id"]
    member = await patient.call("POST", "/api/v1/family-members", {"name": NAME, "relationship": "child"})
    for_asha = {"family_member_id": member["family_member_id"], "reason_for_visit": REASON}
    slots = await system.slots({"doctor_id": doctor_id})

    wish = {"slot_id": slots[0]["slot_id"], "consultation_type": "VIDEO", **for_asha}
    held = await patient.call("POST", "/appointments", wish, key="once")
    refused = await patient.ask(
        "POST",
        "/api/v1/appointments/reserve",
        {"slot_id": slots[0]["slot_id"], "consultation_type": REASON, "reason_for_visit": REASON},
    )
    assert refused.status_code == 422

    waiting = await system.patient()
    theirs = await waiting.call("POST", "/api/v1/family-members", {"name": NAME, "relationship": "parent"})
    await waiting.call(
        "POST",
        "/api/v1/waitlist",
        {
            "doctor_id": doctor_id,
            "family_member_id": theirs["family_member_id"],
            "reason_for_visit": REASON,
        },
    )
    path = f"/api/v1/appointments/{held['appointment']['appointment_id']}"
    await patient.call("POST", f"{path}/cancel", {"reason_code": "ill"})
    entry = (await waiting.call("GET", "/api/v1/waitlist"))["items"][0]
    booking = {"appointment": entry["offer"]}
    path = f"/api/v1/appointments/{entry['appointment_id']}"
    order = await waiting.call(
        "POST", "/api/v1/payments/initiate", {"appointment_id": entry["appointment_id"]}
    )
    await system.sandbox.pay(order["order_id"])
    await system.becomes(waiting, booking, "confirmed")
    seen = [
        await waiting.call("GET", path),
        await doctor.call("GET", path),
        await system.admin.call("GET", path),
    ]
    for shown in seen:
        assert (shown["visitor"]["name"], shown["reason_for_visit"]) == (NAME, REASON)
    await waiting.call("POST", f"{path}/reschedule", {"slot_id": slots[3]["slot_id"]})
    calendars = [(await who.ask("GET", f"{path}/calendar.ics")).text for who in (waiting, doctor)]
    for who in (waiting, doctor):
        feed = await who.call("POST", "/api/v1/calendar-feeds")
        calendars.append((await system.nobody.ask("GET", feed["address"])).text)
    assert all("BEGIN:VEVENT" in calendar for calendar in calendars)
    await system.settle()
    await waiting.call("POST", f"{path}/cancel", {"reason_code": "ill"})
    await system.settle()
    mails = [
        *await system.sandbox.mails(waiting.account["email"]),
        *await system.sandbox.mails(patient.account["email"]),
        *await system.sandbox.mails(doctor.account["email"]),
        *await system.sandbox.texts(waiting.account["phone"]),
    ]
    assert len(mails) > 4
    return "\n".join([*calendars, *map(str, mails)])


async def rows_with(system: System, word: str) -> set[tuple[str, str]]:
    """Every (service, table) one of whose rows has the word, in any letters."""
    found = set()
    for service in SERVICES:
        db = await asyncpg.connect(system.databases.superuser_url(service))
        tables = await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables:
            if await db.fetchval(
                f"SELECT EXISTS (SELECT FROM {table} t WHERE t::text ILIKE $1)", f"%{word}%"
            ):
                found.add((service, table))
        await db.close()
    return found


@pytest.mark.failure_row(58)
async def test_names_and_reasons_are_in_no_log_event_message_or_calendar(
    system: System, capfd: pytest.CaptureFixture[str]
) -> None:
    made = await system.doctor()
    doctor = await system.sign_in(email=made["email"])
    doctor.account |= {"doctor_id": made["doctor_id"]}
    patient = await system.patient()
    words = await everything_about(system, patient, doctor)
    assert MARKER not in words.lower()
    assert await rows_with(system, MARKER) == {("appointments", table) for table in KEPT_IN}
    logged = "".join(capfd.readouterr())
    assert "freed time is offered" in logged
    assert MARKER not in logged.lower()
