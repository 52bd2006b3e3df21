"""A visit by video as the two live it, over the whole system, and the same visit in their calendars."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import httpx
from icalendar import Calendar

from tests.support.sandbox import Json
from tests.support.system import Caller, System


async def come(link: str) -> httpx.Response:
    """Open a link of the sandbox's video server, in a browser."""
    async with httpx.AsyncClient(trust_env=False, headers={"accept": "text/html"}) as http:
        return await http.get(link)


async def in_calendar(system: System, feed: str) -> Json:
    answer = await system.nobody.ask("GET", feed.removeprefix(system.address))
    [entry] = Calendar.from_ical(answer.content).events
    return {"uid": str(entry["uid"]), "at": entry.start, "status": str(entry["status"])}


async def test_patient_and_doctor_meet_in_a_room_that_nobody_else_can_enter(system: System) -> None:
    patient, doctor = await system.patient(), await system.doctor(fee_amount=0)
    booking = await system.book(patient, (await system.slots(doctor))[0])
    visit = booking["appointment"]
    path = f"/api/v1/appointments/{visit['appointment_id']}"
    starts_at = datetime.fromisoformat(visit["starts_at"])
    feed = (await patient.call("POST", "/api/v1/calendar-feeds"))["address"]

    early = await patient.ask("GET", f"{path}/room")
    assert (early.status_code, early.json()["code"]) == (409, "too-early")
    assert datetime.fromisoformat(early.json()["opens_at"]) == starts_at - timedelta(minutes=15)

    await system.clock.move_to(starts_at - timedelta(minutes=10))
    await system.settle()  # what is told about the visit comes before the codes to sign in with
    me = await system.sign_in(phone=patient.account["phone"])
    them = await system.sign_in(email=doctor["email"])
    admin = await system.sign_in(email=system.admin.account["email"])
    links = {
        who: (await caller.call("GET", f"{path}/room"))["url"] for who, caller in (("me", me), ("them", them))
    }
    assert "You are here as <strong>Patient</strong>" in (await come(links["me"])).text
    room = (await come(links["them"])).text
    assert "<strong>Dr Test</strong>, who runs the room" in room
    assert "<li>Patient <time>" in room

    stranger = await system.patient()
    refusals = [
        await caller.ask("GET", f"{path}/room") for caller in (stranger, admin, Caller(system.connect()))
    ]
    assert [answer.status_code for answer in refusals] == [404, 403, 401]
    assert (await come(links["me"].partition("?")[0])).status_code == 403
    assert await in_calendar(system, feed) == {
        "uid": visit["appointment_id"],
        "at": starts_at,
        "status": "CONFIRMED",
    }

    await them.call("POST", f"{path}/cancel", {"reason_code": "doctor-ill"}, key=str(uuid4()))
    assert (await me.ask("GET", f"{path}/room")).json()["code"] == "appointment-cancelled"
    assert (await in_calendar(system, feed))["status"] == "CANCELLED"
    db = system.niyat.services["appointments"].db
    assert await db.fetchval("SELECT count(*) FROM video_rooms") == 1
    await system.clock.move_to(starts_at + timedelta(hours=2))
    assert (await come(links["me"])).status_code == 403
