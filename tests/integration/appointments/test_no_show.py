from __future__ import annotations

from tests.integration.appointments.world import World, put_status


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
