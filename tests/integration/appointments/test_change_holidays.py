"""The days on which a clinic is closed, and the doctors who work all the same."""

from __future__ import annotations

from datetime import date, timedelta

from tests.integration.appointments.test_set_override import OVERRIDES, hours, starts
from tests.integration.appointments.world import WHY, Json, World


def clinic_of(doctor: Json) -> str:
    return f"/api/v1/clinics/{doctor['clinic_id']}"


async def in_days(world: World, days: int) -> date:
    return (await world.now()).date() + timedelta(days=days)


async def test_a_clinics_own_holiday_closes_its_doctors_but_not_those_who_set_hours(world: World) -> None:
    doctor, me = await world.doctor()
    elsewhere, _ = await world.doctor()
    day = await in_days(world, 3)
    own = {"doctor_id": doctor["doctor_id"], "day": str(day), "hours": hours(("09:00", "11:00"))}
    body = {"day": str(day), "name": "Founder's day", "reason": WHY}
    await world.admin.call("POST", f"{clinic_of(doctor)}/holidays", body)
    assert await starts(world, doctor, day) == []
    assert len(await starts(world, elsewhere, day)) == 24
    await me.call("PUT", OVERRIDES, own)
    assert await starts(world, doctor, day) == [9, 10]
    await me.call("DELETE", f"/api/v1/availability/doctors/{doctor['doctor_id']}/overrides/{day}")
    assert await starts(world, doctor, day) == []
    await world.admin.call("DELETE", f"{clinic_of(doctor)}/holidays/{day}", {"reason": WHY})
    assert len(await starts(world, doctor, day)) == 24
    assert (await world.nobody.call("GET", f"{clinic_of(doctor)}/holidays"))["items"] == []


async def test_bookings_on_a_new_holiday_are_named_and_keep_their_time(world: World) -> None:
    doctor, _ = await world.doctor()
    slot = await world.slot(doctor)
    visit = await world.paid(world.patient(), slot)
    body = {"day": slot["starts_at"][:10], "name": "Ours", "reason": WHY}
    shown = await world.admin.call("POST", f"{clinic_of(doctor)}/holidays/preview", body)
    done = await world.admin.call("POST", f"{clinic_of(doctor)}/holidays", body)
    assert [(hit["appointment_id"], hit["outcome"]) for hit in done["bookings"]] == [
        (visit["appointment_id"], "kept")
    ]
    assert done["bookings"] == shown["bookings"]
    assert (await world.get(visit))["status"] == "confirmed"
    # Given back, its time is no longer to be had.
    await world.admin.call(
        "POST", f"/api/v1/appointments/{visit['appointment_id']}/cancel", {"reason_code": "closed"}
    )
    assert await starts(world, doctor, date.fromisoformat(slot["starts_at"][:10])) == []


async def test_a_countrys_holidays_come_and_go_with_the_calendar(world: World) -> None:
    doctor, _ = await world.doctor()
    clinic = clinic_of(doctor)
    assert await world.nobody.call("GET", f"{clinic}/holiday-calendar") == {
        "clinic_id": doctor["clinic_id"],
        "country": None,
        "subdivision": None,
    }
    body = {"country": "IN", "subdivision": "KA", "reason": WHY}
    await world.admin.call("PUT", f"{clinic}/holiday-calendar", body)
    listed = (await world.nobody.call("GET", f"{clinic}/holidays", params={"limit": 100}))["items"]
    assert {"Republic Day", "Karnataka Rajyotsava"} <= {holiday["name"] for holiday in listed}
    assert all(holiday["observed"] and holiday["source"] == "national" for holiday in listed)
    assert listed == sorted(listed, key=lambda holiday: holiday["day"])
    national = {holiday["day"] for holiday in listed}
    soon = [await in_days(world, ahead) for ahead in range(4, 50)]
    own = next(day for day in soon if str(day) not in national)
    await world.admin.call("POST", f"{clinic}/holidays", {"day": str(own), "name": "Ours", "reason": WHY})
    await world.admin.call("PUT", f"{clinic}/holiday-calendar", {"country": None, "reason": WHY})
    left = (await world.nobody.call("GET", f"{clinic}/holidays"))["items"]
    assert [(holiday["day"], holiday["source"]) for holiday in left] == [(str(own), "clinic")]
    actions = [row["action"] for row in await world.db.fetch("SELECT action FROM audit_log ORDER BY id")]
    assert actions[-3:] == ["set-holiday-calendar", "add-holiday", "set-holiday-calendar"]


async def test_a_national_holiday_can_be_worked_through_and_kept_again(world: World) -> None:
    doctor, _ = await world.doctor()
    clinic = clinic_of(doctor)
    await world.admin.call("PUT", f"{clinic}/holiday-calendar", {"country": "IN", "reason": WHY})
    holiday = (await world.nobody.call("GET", f"{clinic}/holidays"))["items"][0]
    path = f"{clinic}/holidays/{holiday['day']}"
    await world.admin.call("DELETE", path, {"reason": "We are open"})
    again = await world.admin.ask("DELETE", path, {"reason": "We are open"})
    assert (again.status_code, again.json()["code"]) == (404, "holiday-not-found")
    assert (await world.nobody.call("GET", f"{clinic}/holidays"))["items"][0] == holiday | {"observed": False}
    # Neither filling in nor choosing the calendar again closes what the clinic opened.
    await world.admin.call("PUT", f"{clinic}/holiday-calendar", {"country": "IN", "reason": WHY})
    assert not (await world.nobody.call("GET", f"{clinic}/holidays"))["items"][0]["observed"]
    body = {"day": holiday["day"], "name": "Whatever", "reason": "Closed after all"}
    await world.admin.call("POST", f"{clinic}/holidays", body)
    assert (await world.nobody.call("GET", f"{clinic}/holidays"))["items"][0] == holiday


async def test_what_makes_no_sense_is_refused_and_changes_nothing(world: World) -> None:
    doctor, _ = await world.doctor()
    clinic = clinic_of(doctor)
    cases: list[tuple[str, str, Json, str]] = [
        ("PUT", "holiday-calendar", {"country": "ZZ"}, "holiday-calendar-not-found"),
        ("PUT", "holiday-calendar", {"country": "IN", "subdivision": "XX"}, "holiday-calendar-not-found"),
        ("PUT", "holiday-calendar", {"country": "India"}, "invalid-request"),
        ("PUT", "holiday-calendar", {"country": None, "subdivision": "KA"}, "invalid-request"),
        ("POST", "holidays", {"day": "2020-01-01", "name": "Over"}, "day-is-over"),
        ("POST", "holidays", {"day": "2090-02-30", "name": "Never"}, "invalid-request"),
        ("POST", "holidays", {"day": "2090-02-20", "name": " "}, "invalid-request"),
        ("DELETE", "holidays/2090-02-20", {}, "holiday-not-found"),
    ]
    for method, path, body, code in cases:
        refused = await world.admin.ask(method, f"{clinic}/{path}", body | {"reason": WHY})
        assert refused.json()["code"] == code, (path, body)
    missing = {"day": "2090-02-20", "name": "Ours", "reason": WHY}
    nowhere = await world.admin.ask("POST", f"/api/v1/clinics/{doctor['doctor_id']}/holidays", missing)
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "clinic-not-found")
    assert (await world.person("doctor").ask("POST", f"{clinic}/holidays", missing)).status_code == 403
    silent = await world.admin.ask("POST", f"{clinic}/holidays", {"day": "2090-02-20", "name": "Ours"})
    assert silent.json()["errors"][0]["field"] == "reason"
    assert await world.db.fetchval("SELECT count(*) FROM clinic_holidays") == 0
