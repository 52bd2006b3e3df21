"""A slot is given up, offered to the first in line for a while, passed on, and paid by the second: never by two."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import pytest

from niyat.kernel.local_time import local_time
from tests.support.sandbox import Json
from tests.support.system import PATIENCE_SECONDS, Caller, System

API = "/api/v1/waitlist"


@pytest.fixture
def offers_of_four_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the life of the access tokens that a test holds."""
    monkeypatch.setenv("NIYAT_APPOINTMENTS_OFFER_SECONDS", "240")


async def entry_of(who: Caller) -> Json:
    found: Json = (await who.call("GET", API))["items"][0]
    return found


async def told(system: System, who: Caller, word: str) -> Json:
    """The newest mail to `who` whose subject has this word."""
    await system.sandbox.mails(who.account["email"], wait_seconds=PATIENCE_SECONDS)
    await system.settle()
    mails = await system.sandbox.mails(who.account["email"])
    found: Json = next(mail for mail in mails if word in mail["subject"])
    return found


async def test_a_cancelled_slot_is_offered_told_passed_on_and_paid_by_one(
    offers_of_four_minutes: None, system: System
) -> None:
    doctor = await system.doctor()
    holder, first, second = [await system.patient() for _ in range(3)]
    await first.call("PATCH", "/api/v1/accounts/me", {"time_zone": "Europe/London", "language": "hi"})
    booking = await system.book(holder, (await system.slots(doctor))[0])
    await system.sandbox.pay(booking["payment"]["order_id"])
    slot = await system.becomes(holder, booking, "confirmed")
    for who in (first, second):
        await who.call("POST", API, {"doctor_id": doctor["doctor_id"], "consultation_type": "VIDEO"})
    appointment_id = booking["appointment"]["appointment_id"]
    await holder.call("POST", f"/api/v1/appointments/{appointment_id}/cancel", {"reason_code": "ill"})

    offer = (await entry_of(first))["offer"]
    assert offer["starts_at"] == slot["starts_at"]
    mail = await told(system, first, "खाली")
    hold = await system.appointment(first, {"appointment": offer})
    deadline = local_time(datetime.fromisoformat(hold["hold_expires_at"]), "Europe/London", "hi")
    assert deadline in mail["text"]
    assert f"/my/appointments/{offer['appointment_id']}" in mail["text"]
    texts = await system.sandbox.texts(first.account["phone"])
    assert any(deadline in text["body"] for text in texts)
    assert slot["slot_id"] not in [free["slot_id"] for free in await system.slots(doctor)]

    await system.clock.move(minutes=4, seconds=1)
    await system.becomes(first, {"appointment": offer}, "expired")
    assert "सूची में" in (await told(system, first, "समय आगे"))["text"]
    offer = (await entry_of(second))["offer"]
    assert "A time is free for you" in (await told(system, second, "free for you"))["subject"]
    order = await second.call(
        "POST", "/api/v1/payments/initiate", {"appointment_id": offer["appointment_id"]}
    )
    await system.sandbox.pay(order["order_id"])
    await system.becomes(second, {"appointment": offer}, "confirmed")

    assert [(await entry_of(who))["status"] for who in (first, second)] == ["waiting", "booked"]
    db = await asyncpg.connect(system.databases.audit_url("appointments"))
    rows = await db.fetch(
        "SELECT patient_id::text, status FROM appointments WHERE starts_at = $1 ORDER BY created_at, id",
        datetime.fromisoformat(slot["starts_at"]),
    )
    await db.close()
    assert [tuple(row) for row in rows] == [
        (holder.id, "cancelled"),
        (first.id, "expired"),
        (second.id, "confirmed"),
    ]
