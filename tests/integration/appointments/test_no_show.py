from __future__ import annotations

from datetime import datetime

import pytest

from niyat.kernel.ids import new_id
from tests.integration.appointments.world import Json, World, put_status, together


async def test_a_doctor_marks_who_did_not_come(world: World) -> None:
    doctor, me = await world.doctor()
    held = await world.paid(world.patient(), await world.slot(doctor))
    assert (await put_status(me, held, "no-show"))[1]["code"] == "not-started"
    await world.move(days=4)
    first = await put_status(me, held, "no-show", party="doctor")
    assert (first[0], first[1]["status"], first[1]["no_show_party"]) == (200, "no-show", "doctor")
    assert await put_status(me, held, "no-show", party="doctor") == first
    assert (await put_status(me, held, "no-show", party="patient"))[1]["code"] == "illegal-move"
    assert (await world.told(held)).count("APPOINTMENT_NO_SHOW") == 1


async def event(world: World, held: Json) -> Json:
    sql = "SELECT payload FROM outbox WHERE key = $1 AND type = 'APPOINTMENT_NO_SHOW'"
    data: Json = (await world.db.fetchval(sql, held["appointment_id"]))["data"]
    return data


@pytest.mark.parametrize(
    ("party", "given", "code", "owed"),
    [
        ("patient", None, "patient-absent", 0),
        ("patient", "came-too-late", "came-too-late", 0),
        ("doctor", None, "doctor-absent", 50_000),
        ("doctor", "video-failed", "video-failed", 50_000),
    ],
)
async def test_the_doctors_side_gives_everything_back_and_the_patients_nothing(
    world: World, party: str, given: str | None, code: str, owed: int
) -> None:
    doctor, me = await world.doctor()
    held = await world.paid(world.patient(), await world.slot(doctor))
    await world.move_to(datetime.fromisoformat(held["starts_at"]))
    path = f"/api/v1/appointments/{held['appointment_id']}/status"
    body = {"status": "no-show", "party": party} | ({"reason_code": given} if given else {})
    shown = await me.call("PATCH", path, body)
    assert (shown["no_show_party"], shown["amount_owed_back"]) == (party, owed)
    told = await event(world, held)
    assert (told["party"], told["reason_code"], told["amount"]) == (party, code, 50_000)
    assert (told["amount_owed_back"], told["payment_id"] is not None) == (owed, True)
    assert await world.slot_status(held) == "booked"


async def test_a_reason_that_blames_the_other_party_is_refused(world: World) -> None:
    _, held = await world.confirmed(new_id())
    await world.move(days=4)
    for party, reason in (
        ("patient", "video-failed"),
        ("patient", "doctor-absent"),
        ("doctor", "patient-absent"),
    ):
        answer = await put_status(world.admin, held, "no-show", party=party, reason_code=reason)
        assert (answer[0], answer[1]["code"]) == (422, "reason-contradicts")
    assert (await world.get(held))["status"] == "confirmed"


async def test_a_patient_cannot_say_that_somebody_did_not_come(world: World) -> None:
    who, held = await world.confirmed(new_id())
    await world.move(days=4)
    assert (await put_status(who, held, "no-show", party="doctor"))[0] == 403


async def test_a_visit_that_was_missed_and_completed_at_once_is_one_of_the_two(world: World) -> None:
    doctor, me = await world.doctor()
    held = await world.paid(world.patient(), await world.slot(doctor))
    await world.move_to(datetime.fromisoformat(held["starts_at"]))
    answers = await together(
        put_status(me, held, "completed"),
        put_status(me, held, "no-show", party="doctor"),
        put_status(world.admin, held, "cancelled"),
    )
    assert sorted(status for status, _ in answers) == [200, 409, 409]
    assert len(await world.told(held)) == 3
