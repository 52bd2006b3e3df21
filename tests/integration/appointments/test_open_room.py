"""The way into a video room: for the two, in its time, and for nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from niyat.appointments.adapters.jitsi import JitsiRooms
from niyat.appointments.ports import Guest, Room
from tests.integration.appointments.world import VIDEO, Json, Person, World, put_status

MINUTE = timedelta(minutes=1)


async def visit(world: World, *, slot_minutes: int = 60, **wish: Any) -> tuple[Person, Person, Json]:
    """Patient, doctor, and a confirmed visit."""
    doctor, doctors_self = await world.doctor(fee_amount=0, slot_minutes=slot_minutes)
    patient = world.patient()
    slot = await world.slot(doctor)
    body = {"slot_id": slot["slot_id"], "consultation_type": "VIDEO", **wish}
    held = await patient.call("POST", "/api/v1/appointments/reserve", body)
    shown = await patient.call("POST", f"/api/v1/appointments/{held['appointment_id']}/confirm")
    return patient, doctors_self, shown


async def ask(who: Person, visit: Json) -> httpx.Response:
    return await who.ask("GET", f"/api/v1/appointments/{visit['appointment_id']}/room")


async def code(who: Person, visit: Json) -> tuple[int, str]:
    answer = await ask(who, visit)
    return answer.status_code, answer.json()["code"]


def claims(link: Json) -> Json:
    token = httpx.URL(link["url"]).params["jwt"]
    options: Any = {"verify_exp": False, "verify_nbf": False}
    read: Json = jwt.decode(token, VIDEO.key, algorithms=["HS256"], audience="niyat", options=options)
    return read


async def begin(world: World, visit: Json, *, before: timedelta = 5 * MINUTE) -> None:
    await world.move_to(datetime.fromisoformat(visit["starts_at"]) - before)


async def test_each_of_the_two_gets_a_link_of_their_own_to_one_room(world: World) -> None:
    patient, doctor, shown = await visit(world, reason_for_visit="A secret rash")
    await begin(world, shown)
    links = {"patient": await ask(patient, shown), "doctor": await ask(doctor, shown)}
    assert {link.headers["cache-control"] for link in links.values()} == {"no-store"}
    read = {party: claims(link.json()) for party, link in links.items()}
    again = claims((await ask(patient, shown)).json())
    assert read["patient"]["room"] == read["doctor"]["room"] == again["room"]
    people = {party: one["context"]["user"] for party, one in read.items()}
    assert (people["patient"]["name"], people["patient"]["moderator"]) == ("Patient", "false")
    assert (people["doctor"]["name"], people["doctor"]["moderator"]) == ("Dr Test", "true")
    starts_at, ends_at = (datetime.fromisoformat(shown[name]) for name in ("starts_at", "ends_at"))
    for one in read.values():
        assert one["nbf"] == (starts_at - 15 * MINUTE).timestamp()
        assert one["exp"] == (ends_at + 30 * MINUTE).timestamp()
        assert "rash" not in str(one)
    kept = await world.db.fetch("SELECT appointment_id::text, name FROM video_rooms")
    assert [(row["appointment_id"], row["name"]) for row in kept] == [
        (shown["appointment_id"], again["room"])
    ]


async def test_the_room_opens_fifteen_minutes_before_and_says_so(world: World) -> None:
    patient, doctor, shown = await visit(world)
    opens_at = datetime.fromisoformat(shown["starts_at"]) - 15 * MINUTE
    await begin(world, shown, before=16 * MINUTE)
    for who in (patient, doctor):
        answer = await ask(who, shown)
        assert (answer.status_code, answer.json()["code"]) == (409, "too-early")
        assert datetime.fromisoformat(answer.json()["opens_at"]) == opens_at
    assert await world.db.fetchval("SELECT count(*) FROM video_rooms") == 0
    await world.move(seconds=61)
    assert (await ask(patient, shown)).status_code == 200


async def test_the_room_closes_half_an_hour_after_the_end(world: World) -> None:
    patient, _, shown = await visit(world)
    await world.move_to(datetime.fromisoformat(shown["ends_at"]) + 29 * MINUTE)
    assert (await ask(patient, shown)).status_code == 200
    await world.move(minutes=2)
    assert await code(patient, shown) == (409, "room-closed")


async def test_nobody_else_gets_a_link(world: World) -> None:
    _, _, shown = await visit(world)
    _, other_doctor = await world.doctor()
    await begin(world, shown)
    assert await code(world.patient(), shown) == (404, "appointment-not-found")
    assert await code(other_doctor, shown) == (404, "appointment-not-found")
    assert await code(world.admin, shown) == (403, "forbidden")
    assert await code(world.payments, shown) == (404, "appointment-not-found")
    assert await code(world.nobody, shown) == (401, "unauthenticated")


async def test_a_visit_in_person_has_no_room(world: World) -> None:
    patient, _, shown = await visit(world, consultation_type="IN_PERSON")
    await begin(world, shown)
    assert await code(patient, shown) == (409, "not-a-video-visit")


async def test_only_a_confirmed_visit_has_an_open_room(world: World) -> None:
    who, held = await world.held()
    assert await code(who, held) == (409, "not-confirmed")
    await world.move(minutes=6)
    await world.expire()
    assert await code(who, held) == (409, "hold-lapsed")
    patient, doctor, shown = await visit(world)
    await world.move_to(datetime.fromisoformat(shown["starts_at"]) + MINUTE)
    await put_status(doctor, shown, "completed")
    assert await code(patient, shown) == (409, "room-closed")


async def test_a_cancelled_visits_room_stays_shut(world: World) -> None:
    patient, doctor, shown = await visit(world)
    await begin(world, shown)
    assert (await ask(patient, shown)).status_code == 200
    await doctor.call("POST", f"/api/v1/appointments/{shown['appointment_id']}/cancel")
    for who in (patient, doctor):
        assert await code(who, shown) == (409, "appointment-cancelled")


async def test_a_link_to_a_visit_that_is_cancelled_while_the_provider_answers_is_not_given(
    world: World,
) -> None:
    patient, doctor, shown = await visit(world)
    await begin(world, shown)

    class Slow(JitsiRooms):
        async def link(self, room: Room, guest: Guest) -> str:
            await doctor.call("POST", f"/api/v1/appointments/{shown['appointment_id']}/cancel")
            return await super().link(room, guest)

    world.app.state.parts = replace(world.app.state.parts, video=Slow(VIDEO))
    assert await code(patient, shown) == (409, "appointment-cancelled")


async def test_a_clinic_without_video_says_so(world: World) -> None:
    patient, _, shown = await visit(world)
    world.app.state.parts = replace(world.app.state.parts, video=None)
    await begin(world, shown)
    assert await code(patient, shown) == (409, "video-not-set-up")


@pytest.mark.parametrize("path", ["nothing", "01999999-0000-7000-8000-000000000001"])
async def test_what_is_not_there_has_no_room(world: World, path: str) -> None:
    answer = await world.patient().ask("GET", f"/api/v1/appointments/{path}/room")
    assert answer.status_code in (404, 422)


async def moved(world: World, visit: Json, *, by: timedelta) -> Json:
    """The visit, moved by staff to the slot that begins so much later."""
    wanted = datetime.fromisoformat(visit["starts_at"]) + by
    slots = await world.slots({"doctor_id": visit["doctor_id"]}, **{"from": wanted.isoformat()})
    body = {"slot_id": slots[0]["slot_id"], "reason_code": "doctor-late"}
    path = f"/api/v1/appointments/{visit['appointment_id']}/reschedule"
    shown: Json = await world.admin.call("POST", path, body)
    assert datetime.fromisoformat(shown["starts_at"]) == wanted
    return shown


async def test_after_a_move_the_same_room_opens_at_the_new_time(world: World) -> None:
    patient, _, shown = await visit(world)
    await begin(world, shown)
    before = claims((await ask(patient, shown)).json())
    later = await moved(world, shown, by=180 * MINUTE)
    assert await code(patient, shown) == (409, "too-early")
    await begin(world, later)
    after = claims((await ask(patient, shown)).json())
    assert after["room"] == before["room"]
    assert (after["nbf"] - before["nbf"], after["exp"] - before["exp"]) == (3 * 3600, 3 * 3600)


async def test_a_visit_moved_while_the_provider_answers_gets_a_link_for_its_new_time(world: World) -> None:
    patient, _, shown = await visit(world, slot_minutes=10)
    await begin(world, shown, before=4 * MINUTE)
    once: list[Json] = []

    class Slow(JitsiRooms):
        async def link(self, room: Room, guest: Guest) -> str:
            if not once:
                once.append(await moved(world, shown, by=10 * MINUTE))
            return await super().link(room, guest)

    world.app.state.parts = replace(world.app.state.parts, video=Slow(VIDEO))
    link = (await ask(patient, shown)).json()
    starts_at = datetime.fromisoformat(once[0]["starts_at"])
    assert claims(link)["nbf"] == (starts_at - 15 * MINUTE).timestamp()
    assert datetime.fromisoformat(link["opens_at"]) == starts_at - 15 * MINUTE
