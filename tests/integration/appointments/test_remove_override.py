"""A day has its weekly hours again."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.appointments.test_set_override import (
    OVERRIDES,
    WEEKDAYS,
    a_day,
    doctor_of_weekdays,
    hours,
    starts,
)
from tests.integration.appointments.world import Json, World


def path_of(doctor: Json, day: object) -> str:
    return f"/api/v1/availability/doctors/{doctor['doctor_id']}/overrides/{day}"


async def test_a_day_off_that_is_taken_back_has_its_times_again(world: World) -> None:
    doctor, me = await doctor_of_weekdays(world)
    monday = await a_day(world, 1)
    await me.call("PUT", OVERRIDES, {"doctor_id": doctor["doctor_id"], "day": str(monday), "hours": []})
    assert await me.call("DELETE", path_of(doctor, monday)) == {"bookings": []}
    assert await starts(world, doctor, monday) == [*range(9, 17)]
    again = await me.ask("DELETE", path_of(doctor, monday))
    assert (again.status_code, again.json()["code"]) == (404, "override-not-found")


async def test_bookings_of_an_extra_day_need_an_outcome_when_it_goes(world: World) -> None:
    doctor, me = await doctor_of_weekdays(world)
    sunday = await a_day(world, 7)
    body = {"doctor_id": doctor["doctor_id"], "day": str(sunday), "hours": hours(("10:00", "12:00"))}
    await me.call("PUT", OVERRIDES, body)
    slot = (await world.slots(doctor, **{"from": str(sunday), "to": str(sunday)}))[0]
    visit = await world.paid(world.patient(), slot)
    refused = await me.ask("DELETE", path_of(doctor, sunday))
    assert refused.json()["appointment_ids"] == [visit["appointment_id"]]
    outcome = {"appointment_id": visit["appointment_id"], "action": "cancel"}
    await me.call("DELETE", path_of(doctor, sunday), {"bookings": [outcome]})
    assert (await world.get(visit))["amount_owed_back"] == 50_000
    assert await starts(world, doctor, sunday) == []


async def test_only_that_doctor_or_an_admin_with_a_reason_removes_them(world: World) -> None:
    doctor, me = await world.doctor(hours=WEEKDAYS)
    day = (await world.now()).date() + timedelta(days=3)
    await me.call("PUT", OVERRIDES, {"doctor_id": doctor["doctor_id"], "day": str(day), "hours": []})
    assert (await world.person("doctor").ask("DELETE", path_of(doctor, day))).status_code == 403
    assert (await world.admin.ask("DELETE", path_of(doctor, day))).json()["code"] == "reason-required"
    await world.admin.call("DELETE", path_of(doctor, day), {"reason": "The doctor asked"})
    last = await world.db.fetchval("SELECT action FROM audit_log ORDER BY id DESC LIMIT 1")
    assert last == "remove-override"
