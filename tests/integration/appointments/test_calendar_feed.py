"""Calendar feeds and files, read back by two parsers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import vobject
from icalendar import Calendar

from tests.integration.appointments.world import SITE, Json, Person, World
from tests.support.moments import changes_of

FEEDS = "/api/v1/calendar-feeds"
HINDI = "डॉ. सुनीता शर्मा; सर्जन, दिल्ली"


async def address(who: Person) -> str:
    """The path of a new feed."""
    made = await who.call("POST", FEEDS)
    assert made["address"].startswith(f"{SITE}{FEEDS}/")
    return str(made["address"].removeprefix(SITE))


async def read(world: World, path: str, **headers: str) -> httpx.Response:
    """As a calendar would: without signing in."""
    return await world.nobody.http.get(path, headers=headers)


async def entries(world: World, path: str) -> dict[str, Any]:
    """UID → entry."""
    answer = await read(world, path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    found = {str(entry["uid"]): entry for entry in Calendar.from_ical(answer.content).events}
    others = [e.uid.value for e in getattr(vobject.readOne(answer.text), "vevent_list", [])]
    assert sorted(others) == sorted(found)
    return found


async def visit(world: World, doctor: Json, *, days_ahead: int = 3, **more: Any) -> tuple[Person, Json]:
    """A free visit, confirmed."""
    who = world.patient()
    slot = await world.slot(doctor, days_ahead=days_ahead)
    wish = {"slot_id": slot["slot_id"], "consultation_type": "VIDEO", **more}
    held = await who.call("POST", "/api/v1/appointments/reserve", wish)
    shown: Json = await who.call("POST", f"/api/v1/appointments/{held['appointment_id']}/confirm")
    return who, shown


async def test_each_party_reads_the_visit_and_neither_a_reason_nor_the_patients_name(world: World) -> None:
    doctor, doctors_self = await world.doctor(fee_amount=0, name=HINDI)
    patient, shown = await visit(world, doctor, reason_for_visit="A secret rash")
    page = f"{SITE}/my/appointments/{shown['appointment_id']}"
    for who, summary in ((patient, f"Video consultation with {HINDI}"), (doctors_self, "Video consultation")):
        entry = (await entries(world, path := await address(who)))[shown["appointment_id"]]
        assert str(entry["summary"]) == summary
        assert str(entry["location"]) == str(entry["url"]) == page
        assert str(entry["status"]) == "CONFIRMED"
        assert "rash" not in (await read(world, path)).text


async def test_a_visit_in_person_says_where(world: World) -> None:
    doctor, _ = await world.doctor(fee_amount=0)
    who, shown = await visit(world, doctor, consultation_type="IN_PERSON")
    entry = (await entries(world, await address(who)))[shown["appointment_id"]]
    assert (str(entry["summary"]), str(entry["location"])) == ("Consultation with Dr Test", "Clinic, 1 Road")


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York", "Australia/Lord_Howe"])
async def test_the_feed_shows_the_same_instant_as_the_api(world: World, zone: str) -> None:
    # Where they do change: New York's clocks by an hour, Lord Howe's by half an hour.
    soon = await world.now() + timedelta(days=5)
    change = next(iter(changes_of(zone, soon)), soon).replace(hour=0, minute=0, second=0, microsecond=0)
    await world.move_to(change - timedelta(days=2))
    hours = [{"weekday": day, "start_time": "00:30", "end_time": "05:30"} for day in range(1, 8)]
    doctor, _ = await world.doctor(fee_amount=0, time_zone=zone, slot_minutes=30, hours=hours)
    who = world.patient()
    for slot in await world.slots(
        doctor, **{"from": change.isoformat(), "to": (change + timedelta(days=2)).isoformat()}
    ):
        wish = {"slot_id": slot["slot_id"], "consultation_type": "VIDEO"}
        held = await who.call("POST", "/api/v1/appointments/reserve", wish)
        await who.call("POST", f"/api/v1/appointments/{held['appointment_id']}/confirm")
    path = await address(who)
    api = (await who.call("GET", f"/api/v1/appointments/patient/{who.id}", params={"limit": 100}))["items"]
    other = {e.uid.value: e for e in vobject.readOne((await read(world, path)).text).vevent_list}
    found = await entries(world, path)
    assert len(api) == len(found) >= 16
    for shown in api:
        starts_at = datetime.fromisoformat(shown["starts_at"])
        entry, same = found[shown["appointment_id"]], other[shown["appointment_id"]]
        assert entry["dtstart"].dt == same.dtstart.value == starts_at
        assert entry["dtend"].dt == same.dtend.value == datetime.fromisoformat(shown["ends_at"])
        local = entry["dtstart"].dt.astimezone(ZoneInfo(zone))
        assert "00:30" <= f"{local:%H:%M}" < "05:30"


async def test_a_cancelled_visit_stays_for_a_month_as_cancelled(world: World) -> None:
    doctor, _ = await world.doctor(fee_amount=0)
    who, shown = await visit(world, doctor, days_ahead=29)
    path = await address(who)
    before = (await entries(world, path))[shown["appointment_id"]]
    await who.call("POST", f"/api/v1/appointments/{shown['appointment_id']}/cancel")
    after = (await entries(world, path))[shown["appointment_id"]]
    assert (before["sequence"], after["sequence"]) == (0, 1)
    assert (str(before["status"]), str(after["status"])) == ("CONFIRMED", "CANCELLED")
    await world.move(days=31)
    assert await entries(world, path) == {}


async def test_a_feed_holds_neither_holds_nor_what_was_never_confirmed_nor_what_is_long_past(
    world: World,
) -> None:
    doctor, _ = await world.doctor(fee_amount=0)
    who, shown = await visit(world, doctor)
    path = await address(who)
    dropped = await world.reserve(who, await world.slot(doctor, days_ahead=4))
    await who.call("POST", f"/api/v1/appointments/{dropped['appointment_id']}/cancel")
    await world.reserve(who, await world.slot(doctor, days_ahead=5))
    assert set(await entries(world, path)) == {shown["appointment_id"]}
    await world.move(days=32)
    assert set(await entries(world, path)) == {shown["appointment_id"]}
    await world.move(days=2)
    assert await entries(world, path) == {}
    await world.expire()


async def test_a_replaced_a_revoked_or_a_foreign_address_leads_nowhere(world: World) -> None:
    doctor, _ = await world.doctor(fee_amount=0)
    who, _ = await visit(world, doctor)
    first, second = await address(who), await address(who)
    assert (await read(world, first)).json()["code"] == "calendar-feed-not-found"
    assert len(await entries(world, second)) == 1
    assert (await who.ask("DELETE", FEEDS)).status_code == 204
    for path in (first, second, f"{FEEDS}/{'x' * 43}.ics", f"{FEEDS}/%00%FF.ics"):
        assert (await read(world, path)).status_code == 404
    assert (await who.ask("DELETE", FEEDS)).status_code == 204


async def test_the_owner_sees_that_it_exists_and_when_it_was_read_but_not_its_address(world: World) -> None:
    who = world.patient()
    assert await who.call("GET", FEEDS) == {"exists": False, "made_at": None, "last_read_at": None}
    path = await address(who)
    made = await who.call("GET", FEEDS)
    assert (made["exists"], bool(made["made_at"]), made["last_read_at"]) == (True, True, None)
    await read(world, path)
    shown = await who.call("GET", FEEDS)
    assert shown["last_read_at"]
    token = path.removeprefix(f"{FEEDS}/").removesuffix(".ics")
    kept = [str(row) for row in await world.db.fetch("SELECT * FROM calendar_feeds")]
    assert token not in str(shown) + str(kept)
    assert len(token) * 6 >= 128


async def test_only_patients_and_doctors_have_feeds(world: World) -> None:
    assert (await world.admin.ask("POST", FEEDS)).status_code == 403
    assert (await world.nobody.ask("POST", FEEDS)).status_code == 401


async def test_what_has_not_changed_is_not_sent_again(world: World) -> None:
    doctor, _ = await world.doctor(fee_amount=0)
    who, shown = await visit(world, doctor)
    path = await address(who)
    tag = (await read(world, path)).headers["etag"]
    for known in (tag, f'W/{tag}, "other"', "*"):
        same = await read(world, path, **{"if-none-match": known})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert (await read(world, path, **{"if-none-match": '"other"'})).status_code == 200
    await who.call("POST", f"/api/v1/appointments/{shown['appointment_id']}/cancel")
    changed = await read(world, path, **{"if-none-match": tag})
    assert (changed.status_code, changed.headers["cache-control"]) == (200, "private, no-cache")
    assert changed.headers["etag"] != tag


async def test_an_address_is_read_sixty_times_an_hour_at_most(world: World) -> None:
    path = await address(world.patient())
    assert {(await read(world, path)).status_code for _ in range(60)} == {200}
    refused = await read(world, path)
    assert refused.status_code == 429
    assert 3500 <= int(refused.headers["retry-after"]) <= 3600
    await world.move(hours=1)
    assert (await read(world, path)).status_code == 200


async def test_the_calendar_file_is_for_the_parties_and_an_admin(world: World) -> None:
    doctor, doctors_self = await world.doctor(fee_amount=0)
    patient, shown = await visit(world, doctor)
    path = f"/api/v1/appointments/{shown['appointment_id']}/calendar.ics"
    summaries = {}
    for name, who in (("patient", patient), ("doctor", doctors_self), ("admin", world.admin)):
        answer = await who.ask("GET", path)
        assert answer.status_code == 200
        [entry] = Calendar.from_ical(answer.content).events
        assert str(entry["uid"]) == shown["appointment_id"]
        summaries[name] = str(entry["summary"])
    assert summaries == {
        "patient": "Video consultation with Dr Test",
        "doctor": "Video consultation",
        "admin": "Video consultation with Dr Test",
    }
    assert (await world.patient().ask("GET", path)).status_code == 404
    assert (await (await world.doctor())[1].ask("GET", path)).status_code == 404
    assert (await world.nobody.ask("GET", path)).status_code == 401


async def test_the_file_of_a_hold_is_tentative_and_of_a_lapsed_one_cancelled(world: World) -> None:
    who, held = await world.held()
    path = f"/api/v1/appointments/{held['appointment_id']}/calendar.ics"

    async def status() -> str:
        [entry] = Calendar.from_ical((await who.ask("GET", path)).content).events
        return str(entry["status"])

    assert await status() == "TENTATIVE"
    await world.move(minutes=6)
    await world.expire()
    assert await status() == "CANCELLED"


@pytest.mark.failure_row(44)
async def test_a_move_keeps_the_uid_and_raises_the_sequence_and_a_cancellation_does_so_again(
    world: World,
) -> None:
    doctor, doctors_self = await world.doctor(fee_amount=0)
    patient, shown = await visit(world, doctor)
    paths = [await address(patient), await address(doctors_self)]
    api = f"/api/v1/appointments/{shown['appointment_id']}"
    told = [(0, "CONFIRMED", shown["starts_at"])]
    for days_ahead in (5, 7):
        slot = await world.slot(doctor, days_ahead=days_ahead)
        moved = await patient.call("POST", f"{api}/reschedule", {"slot_id": slot["slot_id"]})
        assert moved["starts_at"] == slot["starts_at"]
        told.append((moved["revision"], "CONFIRMED", slot["starts_at"]))
        for path in paths:
            entry = (await entries(world, path))[shown["appointment_id"]]
            assert (entry["sequence"], str(entry["status"])) == told[-1][:2]
            assert entry["dtstart"].dt == datetime.fromisoformat(told[-1][2])
            assert vobject.readOne((await read(world, path)).text).vevent.sequence.value == str(told[-1][0])
    assert [sequence for sequence, *_ in told] == [0, 1, 2]
    await patient.call("POST", f"{api}/cancel")
    for path in paths:
        entry = (await entries(world, path))[shown["appointment_id"]]
        assert (entry["sequence"], str(entry["status"])) == (3, "CANCELLED")
