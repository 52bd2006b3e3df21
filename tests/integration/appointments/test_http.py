"""Who may see and do what, and what comes back for anything else."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from niyat.appointments.http.internal_shapes import InternalView
from niyat.appointments.http.shapes import AppointmentView
from niyat.kernel.ids import new_id
from niyat.kernel.pages import Page
from tests.integration.appointments.world import Json, Person, World

API = "/api/v1/appointments"
NOWHERE = UUID(int=1)


async def status(who: Person, path: str, **params: str) -> int:
    return (await who.ask("GET", path, params=params)).status_code


async def test_an_appointment_is_seen_by_its_patient_its_doctor_and_admins_alone(world: World) -> None:
    doctor, me = await world.doctor()
    who = world.patient()
    held = await world.reserve(who, await world.slot(doctor))
    _, other = await world.doctor()
    path = f"{API}/{held['appointment_id']}"
    seen = [
        await status(p, path)
        for p in (who, me, world.admin, world.patient(), other, world.payments, world.nobody)
    ]
    assert seen == [200, 200, 200, 404, 404, 404, 401]
    refund = [await status(p, path + "/cancellation") for p in (who, me, world.patient())]
    assert refund == [200, 200, 404]


async def test_lists_show_each_what_is_theirs(world: World) -> None:
    doctor, me = await world.doctor()
    other_doctor, other = await world.doctor()
    first, second = world.patient(), world.patient()
    slots = await world.slots(doctor)
    mine = [await world.reserve(first, slot) for slot in slots[:3]]
    theirs = await world.reserve(second, (await world.slots(other_doctor))[0])

    async def ids(who: Person, path: str = API, **params: object) -> set[str]:
        page = await who.call("GET", path, params=params)
        Page[AppointmentView].model_validate(page)
        return {item["appointment_id"] for item in page["items"]}

    mine_ids = {a["appointment_id"] for a in mine}
    assert await ids(first) == await ids(me) == mine_ids
    assert await ids(first, patient_id=str(second.id)) == set()
    assert await ids(world.admin, "/appointments") == mine_ids | {theirs["appointment_id"]}
    assert await ids(world.admin, doctor_id=doctor["doctor_id"], status="reserved") == mine_ids
    assert await ids(world.admin, doctor_id=doctor["doctor_id"], status="confirmed") == set()
    assert await ids(
        world.admin, **{"from": mine[1]["starts_at"], "to": mine[2]["starts_at"], "patient_id": str(first.id)}
    ) == {mine[1]["appointment_id"]}
    assert await ids(first, f"{API}/patient/{first.id}") == mine_ids
    assert await ids(me, f"{API}/doctor/{doctor['doctor_id']}") == mine_ids
    assert await status(first, f"{API}/patient/{second.id}") == 404
    assert await status(other, f"{API}/doctor/{doctor['doctor_id']}") == 403
    assert await status(first, f"{API}/doctor/{doctor['doctor_id']}") == 403
    assert await status(me, f"{API}/doctor/{uuid4()}") == 404
    assert await status(world.nobody, API) == 401


async def test_pages_follow_one_another(world: World) -> None:
    doctor, _ = await world.doctor()
    who = world.patient()
    held = [await world.reserve(who, slot) for slot in (await world.slots(doctor))[:5]]
    seen, cursor = [], None
    while True:
        page = await who.call("GET", API, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        seen += [item["appointment_id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == [a["appointment_id"] for a in held]


async def test_doctors_are_found_by_name_specialty_and_language(world: World) -> None:
    await world.doctor(name="Dr Asha Rao", specialty="Cardiology", languages=["en", "kn"])
    found, _ = await world.doctor(name="Dr Bina Das", specialty="Dermatology", languages=["bn"])

    async def names(**params: str) -> list[str]:
        return [
            d["name"] for d in (await world.nobody.call("GET", "/api/v1/doctors", params=params))["items"]
        ]

    assert await names() == ["Dr Asha Rao", "Dr Bina Das"]
    assert await names(name="bina") == await names(specialty="dermatology") == await names(language="BN")
    assert await names(name="asha", language="kn") == ["Dr Asha Rao"]
    assert await names(name="%") == []
    first = await world.nobody.call("GET", "/api/v1/doctors", params={"limit": 1})
    second = await world.nobody.call("GET", "/api/v1/doctors", params={"cursor": first["next_cursor"]})
    assert [d["name"] for d in second["items"]] == ["Dr Bina Das"]
    one = await world.nobody.call("GET", f"/api/v1/doctors/{found['doctor_id']}")
    assert one["first_free_at"] == (await world.slots(found))[0]["starts_at"]


async def test_free_times_are_shown_in_the_viewers_zone_and_only_what_is_offered(world: World) -> None:
    doctor, _ = await world.doctor(time_zone="Asia/Kolkata")
    day = (await world.now() + timedelta(days=5)).astimezone(ZoneInfo("America/New_York")).date()
    slots = await world.slots(doctor, **{"from": str(day), "to": str(day), "time_zone": "America/New_York"})
    local = [datetime.fromisoformat(slot["local_start"]) for slot in slots]
    assert len(slots) == 24
    assert {moment.date() for moment in local} == {day}
    assert [m.timestamp() for m in local] == [
        datetime.fromisoformat(s["starts_at"]).timestamp() for s in slots
    ]
    assert await world.slots(doctor, consultation_type="AUDIO") == []


async def test_other_services_see_what_they_need(world: World) -> None:
    payment = new_id()
    _, held = await world.secured(payment)
    path = f"/internal/appointments/{held['appointment_id']}"
    view = InternalView.model_validate(await world.payments.call("GET", path))
    assert (view.secured_by, view.status, view.amount) == (payment, "pending-payment", 50_000)
    assert [await status(p, path) for p in (world.admin, world.nobody)] == [403, 401]


async def test_notifications_ask_what_is_on_a_doctors_list_and_hear_no_patients_name(world: World) -> None:
    notifications = world.person("service", service="notifications")
    _, booked = await world.confirmed(new_id())
    doctor_id, starts_at = booked["doctor_id"], datetime.fromisoformat(booked["starts_at"])

    def day(after: timedelta) -> str:
        hours = {"starts_at": starts_at + after, "ends_at": starts_at + after + timedelta(minutes=1)}
        words = urlencode({name: moment.isoformat() for name, moment in hours.items()})
        return f"/internal/doctors/{doctor_id}/day?{words}"

    [visit] = (await notifications.call("GET", day(timedelta())))["visits"]
    assert visit["appointment_id"] == booked["appointment_id"]
    assert set(visit) == {"appointment_id", "starts_at", "ends_at", "consultation_type", "place"}
    assert (await notifications.call("GET", day(timedelta(minutes=-1))))["visits"] == []
    assert [await status(who, day(timedelta())) for who in (world.admin, world.nobody)] == [403, 401]
    nobodys = day(timedelta()).replace(doctor_id, str(new_id()))
    assert (await notifications.ask("GET", nobodys)).status_code == 404


async def test_notifications_ask_about_many_at_once_and_about_100_at_most(world: World) -> None:
    notifications = world.person("service", service="notifications")
    held = [(await world.held())[1]["appointment_id"] for _ in range(3)]
    path = "/internal/appointments/find"
    found = await notifications.call("POST", path, {"appointment_ids": [*held, held[0], str(new_id())]})
    views = [InternalView.model_validate(view) for view in found["items"]]
    assert sorted(str(view.appointment_id) for view in views) == sorted(held)
    alone = await notifications.call("GET", f"/internal/appointments/{held[0]}")
    assert alone in found["items"]
    for wrong in ([], [str(new_id()) for _ in range(101)], ["x"]):
        assert (await notifications.ask("POST", path, {"appointment_ids": wrong})).status_code == 422
    asked = {"appointment_ids": held}
    refused = [
        (await who.ask("POST", path, asked)).status_code
        for who in (world.admin, world.payments, world.nobody)
    ]
    assert refused == [403, 403, 401]


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("GET", "/api/v1/doctors?limit=0", None, "limit"),
        ("GET", "/api/v1/doctors?name=%00", None, "name"),
        ("GET", "/api/v1/doctors?cursor=nonsense", None, "cursor"),
        ("GET", "/api/v1/doctors?cursor=WyJhXHUwMDAwIiwiYiJd", None, "cursor"),
        ("GET", f"{API}?cursor=WyIwMDAxLTAxLTAxVDAwOjAwKzA1OjAwIiwieCJd", None, "cursor"),
        ("GET", f"{API}?from=0001-01-01T00:00:00%2B05:30", None, "from"),
        ("GET", f"{API}?from=2026-01-01T00:00:00", None, "from"),
        ("GET", f"{API}?status=lost", None, "status.0"),
        ("GET", f"{API}/nonsense", None, "appointment_id"),
        ("POST", "/api/v1/clinics", {"name": ""}, "name"),
        ("POST", "/api/v1/clinics", {"name": "x", "more": 1}, "more"),
        ("POST", "/api/v1/doctors", {}, "account_id"),
        ("POST", "/api/v1/doctors", {"time_zone": "Mars/Olympus"}, "time_zone"),
        ("GET", f"/api/v1/availability/doctors/{NOWHERE}/slots?time_zone=EST%2B7", None, "time_zone"),
        ("GET", f"/api/v1/availability/doctors/{NOWHERE}/slots?from=9999-12-31", None, "from"),
        (
            "POST",
            "/api/v1/availability/weekly",
            {
                "doctor_id": str(NOWHERE),
                "hours": [{"weekday": 8, "start_time": "09:00", "end_time": "10:00"}],
            },
            "hours.0.weekday",
        ),
        (
            "POST",
            "/api/v1/availability/weekly",
            {
                "doctor_id": str(NOWHERE),
                "hours": [{"weekday": 1, "start_time": "25:00", "end_time": "26:00"}],
            },
            "hours.0.start_time",
        ),
        ("POST", f"{API}/{NOWHERE}/cancel", {"reason_code": "My knee hurts"}, "reason_code"),
    ],
)
async def test_what_is_wrong_is_named(
    world: World, method: str, path: str, body: Json | None, field: str
) -> None:
    answer = await world.admin.ask(method, path, body)
    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_what_is_not_there_is_not_found(world: World) -> None:
    for path in (
        f"/api/v1/doctors/{uuid4()}",
        f"/api/v1/availability/doctors/{uuid4()}",
        f"/api/v1/availability/doctors/{uuid4()}/slots",
    ):
        answer = await world.nobody.ask("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "doctor-not-found")
    week = {"doctor_id": str(uuid4()), "hours": [], "reason": "Holidays"}
    answer = await world.admin.ask("POST", "/api/v1/availability/weekly", week)
    assert (answer.status_code, answer.json()["code"]) == (404, "doctor-not-found")


def test_the_description_names_every_route_and_both_families(world: World) -> None:
    paths = world.app.openapi()["paths"]
    assert {"/appointments", "/api/v1/appointments", "/appointments/{appointment_id}/status"} <= paths.keys()
    operations = [o for methods in paths.values() for o in methods.values()]
    assert all(o.get("summary") and o.get("description") for o in operations)
    assert len({o["operationId"] for o in operations}) == len(operations)
    assert set(AppointmentView.model_fields) == set(
        world.app.openapi()["components"]["schemas"]["AppointmentView"]["properties"]
    )
