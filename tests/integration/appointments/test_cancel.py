from __future__ import annotations

from typing import Any

import pytest

from niyat.kernel.ids import new_id
from tests.integration.appointments.world import Json, Person, World, together


async def cancel(who: Person, held: Json, **more: Any) -> tuple[int, Json]:
    path = f"/api/v1/appointments/{held['appointment_id']}/cancel"
    answer = await who.ask("POST", path, {"reason_code": "plans-changed"}, **more)
    return answer.status_code, answer.json()


async def event(world: World, held: Json) -> Json:
    sql = "SELECT payload FROM outbox WHERE key = $1 AND type = 'APPOINTMENT_CANCELLED'"
    data: Json = (await world.db.fetchval(sql, held["appointment_id"]))["data"]
    return data


@pytest.mark.parametrize(("hours_before", "owed"), [(25, 50_000), (5, 25_000), (3, 0)])
async def test_a_patient_gets_back_what_the_terms_say(world: World, hours_before: int, owed: int) -> None:
    payment = new_id()
    who, held = await world.confirmed(payment)
    until_start = (
        await world.db.fetchval("SELECT min(starts_at) - niyat_now() FROM appointments")
    ).total_seconds()
    await world.move(seconds=until_start - hours_before * 3600)
    preview = await who.call("GET", f"/api/v1/appointments/{held['appointment_id']}/cancellation")
    assert (preview["amount_owed_back"], preview["amount"]) == (owed, 50_000)
    status, shown = await cancel(who, held)
    assert (status, shown["status"], shown["amount_owed_back"]) == (200, "cancelled", owed)
    assert shown["cancelled_by"] == "patient"
    told = await event(world, held)
    assert (told["amount_owed_back"], told["was_confirmed"]) == (owed, True)
    assert told["payment_id"] == str(payment)
    assert await world.slot_status(held) == "available"
    assert (await world.captured(held, payment))["amount_owed_back"] == owed


async def test_the_clinics_cancellation_gives_everything_back(world: World) -> None:
    doctor, me = await world.doctor()
    slots = await world.slots(doctor)
    for by, slot in zip((me, world.admin), slots[1:3], strict=True):
        held = await world.reserve(world.patient(), slot)
        payment = new_id()
        await world.secure(held, payment)
        await world.captured(held, payment)
        _, shown = await cancel(by, held)
        assert shown["amount_owed_back"] == 50_000
        assert shown["cancelled_by"] == ("doctor" if by is me else "admin")


async def test_an_unconfirmed_booking_gives_everything_back(world: World) -> None:
    who, held = await world.secured(payment := new_id())
    await cancel(who, held)
    told = await event(world, held)
    assert (told["amount_owed_back"], told["was_confirmed"], told["payment_id"]) == (
        50_000,
        False,
        str(payment),
    )


async def test_a_cancellation_that_was_sent_twice_happens_once(world: World) -> None:
    who, held = await world.held()
    answers = await together(*(cancel(who, held, key="k") for _ in range(4)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0] == 200
    assert (await cancel(who, held))[1]["code"] == "appointment-cancelled"
    assert await world.told(held) == ["APPOINTMENT_RESERVED", "APPOINTMENT_CANCELLED"]


async def test_what_has_begun_or_is_over_is_not_cancelled(world: World) -> None:
    who, held = await world.held()
    await world.move(minutes=5)
    await world.expire()
    assert (await cancel(who, held))[1]["code"] == "hold-lapsed"
    who, held = await world.confirmed(new_id())
    await world.move(days=4)
    assert (await cancel(who, held))[1]["code"] == "already-started"
    assert (await cancel(world.admin, held))[0] == 200
    assert (await cancel(world.patient(), held))[1]["code"] == "appointment-not-found"


async def test_cancel_and_capture_meet_and_no_rupee_is_lost(world: World) -> None:
    doctor, _ = await world.doctor()
    slots = (await world.slots(doctor))[-10:]
    assert len(slots) == 10
    for slot in slots:
        who, payment = world.patient(), new_id()
        held = await world.reserve(who, slot)
        await world.secure(held, payment)
        captured, _ = await together(world.captured(held, payment), cancel(who, held))
        shown = await world.get(held)
        assert shown["status"] == "cancelled"
        told = await event(world, held)
        assert told["was_confirmed"] is (captured["outcome"] == "confirmed")
        assert told["amount_owed_back"] == shown["amount_owed_back"] == 50_000
