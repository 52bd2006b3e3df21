"""A day off, other hours, an extra day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from tests.integration.appointments.world import Json, Person, World

OVERRIDES = "/api/v1/availability/overrides"
WEEKDAYS = [{"weekday": day, "start_time": "09:00", "end_time": "17:00"} for day in range(1, 6)]


def hours(*windows: tuple[str, str]) -> list[Json]:
    return [{"start_time": start, "end_time": end} for start, end in windows]


async def a_day(world: World, weekday: int) -> date:
    """The next such day, at least two days ahead; 1 is Monday."""
    day = (await world.now()).date() + timedelta(days=2)
    return day + timedelta(days=(weekday - day.isoweekday()) % 7)


async def starts(world: World, doctor: Json, day: date) -> list[int]:
    """The hours at which free times of `day` begin."""
    slots = await world.slots(doctor, **{"from": str(day), "to": str(day)})
    return [datetime.fromisoformat(slot["starts_at"]).hour for slot in slots]


async def doctor_of_weekdays(world: World) -> tuple[Json, Person]:
    return await world.doctor(hours=WEEKDAYS)


async def test_a_day_off_has_no_free_times(world: World) -> None:
    doctor, me = await doctor_of_weekdays(world)
    monday = await a_day(world, 1)
    body = {"doctor_id": doctor["doctor_id"], "day": str(monday), "hours": [], "reason": "Wedding"}
    set_ = await me.call("PUT", OVERRIDES, body)
    assert (set_["hours"], set_["reason"], set_["time_zone"]) == ([], "Wedding", "UTC")
    assert await starts(world, doctor, monday) == []
    assert await starts(world, doctor, monday + timedelta(days=1)) == [*range(9, 17)]


async def test_an_extra_day_has_its_own_windows(world: World) -> None:
    doctor, me = await doctor_of_weekdays(world)
    sunday = await a_day(world, 7)
    body = {
        "doctor_id": doctor["doctor_id"],
        "day": str(sunday),
        "hours": hours(("10:00", "12:00"), ("20:00", "24:00")),
    }
    set_ = await me.call("PUT", OVERRIDES, body)
    assert [(w["start_time"], w["end_time"]) for w in set_["hours"]] == [
        ("10:00", "12:00"),
        ("20:00", "24:00"),
    ]
    assert await starts(world, doctor, sunday) == [10, 11, 20, 21, 22, 23]


async def test_the_last_word_on_a_day_counts(world: World) -> None:
    doctor, me = await doctor_of_weekdays(world)
    monday = await a_day(world, 1)
    body = {"doctor_id": doctor["doctor_id"], "day": str(monday)}
    for windows in ([], hours(("09:00", "11:00")), hours(("14:00", "16:00"))):
        await me.call("PUT", OVERRIDES, body | {"hours": windows})
    assert await starts(world, doctor, monday) == [14, 15]
    assert await world.db.fetchval("SELECT count(*) FROM availability_overrides") == 1


async def test_bookings_outside_of_the_new_hours_need_an_outcome_and_those_within_do_not(
    world: World,
) -> None:
    doctor, me = await doctor_of_weekdays(world)
    monday = await a_day(world, 1)
    slots = await world.slots(doctor, **{"from": str(monday), "to": str(monday)})
    early, late = [await world.paid(world.patient(), slot) for slot in (slots[0], slots[-1])]
    body = {"doctor_id": doctor["doctor_id"], "day": str(monday), "hours": hours(("08:00", "12:00"))}
    refused = await me.ask("PUT", OVERRIDES, body)
    assert refused.json()["appointment_ids"] == [late["appointment_id"]]
    assert len(await starts(world, doctor, monday)) == 6
    outcome = {"appointment_id": late["appointment_id"], "action": "cancel"}
    done = await me.call("PUT", OVERRIDES, body | {"bookings": [outcome]})
    assert [hit["outcome"] for hit in done["bookings"]] == ["cancelled"]
    assert (await world.get(early))["status"] == "confirmed"
    assert await starts(world, doctor, monday) == [8, 10, 11]


async def test_a_booking_of_another_type_than_the_hours_are_for_needs_an_outcome(world: World) -> None:
    doctor, me = await doctor_of_weekdays(world)
    monday = await a_day(world, 1)
    slot = (await world.slots(doctor, **{"from": str(monday), "to": str(monday)}))[0]
    visit = await world.paid(world.patient(), slot)
    only = [window | {"consultation_types": ["IN_PERSON"]} for window in hours(("09:00", "17:00"))]
    body = {"doctor_id": doctor["doctor_id"], "day": str(monday), "hours": only}
    assert (await me.ask("PUT", OVERRIDES, body)).json()["appointment_ids"] == [visit["appointment_id"]]


async def test_what_makes_no_sense_is_refused_and_changes_nothing(world: World) -> None:
    doctor, me = await doctor_of_weekdays(world)
    monday = await a_day(world, 1)
    body = {"doctor_id": doctor["doctor_id"], "day": str(monday), "hours": []}
    cases: list[tuple[Json, str]] = [
        ({"hours": hours(("09:00", "12:00"), ("11:00", "13:00"))}, "hours-overlap"),
        ({"hours": hours(("12:00", "09:00"))}, "invalid-request"),
        ({"day": "2020-01-01"}, "day-is-over"),
        ({"day": "1800-01-01"}, "invalid-request"),
        ({"day": "tomorrow"}, "invalid-request"),
        (
            {"hours": [hours(("09:00", "12:00"))[0] | {"consultation_types": ["AUDIO"]}]},
            "consultation-type-not-offered",
        ),
        ({"hours": [hours(("09:00", "12:00"))[0] | {"place_id": doctor["doctor_id"]}]}, "place-not-found"),
        ({"doctor_id": doctor["clinic_id"]}, "doctor-not-found"),
    ]
    for change, code in cases:
        refused = await me.ask("PUT", OVERRIDES, body | change)
        assert refused.json()["code"] == code, change
    assert len(await starts(world, doctor, monday)) == 8


async def test_only_that_doctor_or_an_admin_with_a_reason_sets_and_sees_them(world: World) -> None:
    doctor, me = await doctor_of_weekdays(world)
    monday = await a_day(world, 1)
    body = {"doctor_id": doctor["doctor_id"], "day": str(monday), "hours": []}
    stranger = world.person("doctor")
    listed = f"/api/v1/availability/doctors/{doctor['doctor_id']}/overrides"
    assert (await stranger.ask("PUT", OVERRIDES, body)).status_code == 403
    assert (await stranger.ask("GET", listed)).status_code == 403
    assert (await world.patient().ask("GET", listed)).status_code == 403
    assert (await world.admin.ask("PUT", OVERRIDES, body)).json()["code"] == "reason-required"
    await world.admin.call("PUT", OVERRIDES, body | {"reason": "The doctor asked"})
    logged = await world.db.fetchrow("SELECT action, reason FROM audit_log ORDER BY id DESC LIMIT 1")
    assert logged is not None
    assert tuple(logged) == ("set-override", "The doctor asked")
    assert [one["day"] for one in (await me.call("GET", listed))["items"]] == [str(monday)]


@pytest.mark.parametrize("limit", [1, 2, 20])
async def test_the_days_are_listed_in_pages(world: World, limit: int) -> None:
    doctor, me = await doctor_of_weekdays(world)
    days = [(await world.now()).date() + timedelta(days=n) for n in (2, 3, 9)]
    for day in reversed(days):
        windows = hours(("09:00", "10:00"), ("11:00", "12:00"))
        await me.call("PUT", OVERRIDES, {"doctor_id": doctor["doctor_id"], "day": str(day), "hours": windows})
    path = f"/api/v1/availability/doctors/{doctor['doctor_id']}/overrides"
    found, cursor = [], None
    while True:
        params = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = await me.call("GET", path, params=params)
        found += page["items"]
        if not (cursor := page["next_cursor"]):
            break
    assert [one["day"] for one in found] == [str(day) for day in days]
    assert all(len(one["hours"]) == 2 for one in found)
    assert (await me.ask("GET", path, params={"cursor": "nonsense"})).status_code == 422
