"""A clinic with more doctors than fit in one transaction is planned anew in batches; none is forgotten."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from niyat.appointments.commands.replan_clinic import replan_next
from tests.integration.appointments.test_set_override import starts
from tests.integration.appointments.world import WHY, Json, World, appointments, together
from tests.support.postgres import Databases

BATCH = 2


async def clinic_of_doctors(world: World, number: int) -> list[Json]:
    """Doctors of one clinic."""
    first, _ = await world.doctor()
    doctors = [first]
    while len(doctors) < number:
        doctor, _ = await world.doctor()
        await world.db.execute(
            "UPDATE doctors SET clinic_id = $2 WHERE id = $1",
            UUID(doctor["doctor_id"]),
            UUID(first["clinic_id"]),
        )
        doctors.append(doctor)
    return doctors


async def close(world: World, doctor: Json) -> date:
    day = (await world.now()).date() + timedelta(days=3)
    body = {"day": str(day), "name": "Ours", "reason": WHY}
    await world.admin.call("POST", f"/api/v1/clinics/{doctor['clinic_id']}/holidays", body)
    return day


async def closed(world: World, doctors: list[Json], day: date) -> int:
    return sum([not await starts(world, doctor, day) for doctor in doctors])


async def test_the_first_doctors_close_at_once_and_the_others_by_the_job(databases: Databases) -> None:
    async with appointments(databases, doctors_per_batch=BATCH) as world:
        doctors = await clinic_of_doctors(world, 5)
        await world.reserve(world.patient(), await world.slot(doctors[4]))
        day = await close(world, doctors[0])
        assert await closed(world, doctors, day) == BATCH
        assert await world.db.run(replan_next, days_ahead=30, doctors_per_batch=BATCH)
        assert await closed(world, doctors, day) == 2 * BATCH
        await world.replan()
        assert await closed(world, doctors, day) == 5


async def test_two_workers_and_a_change_at_once_leave_nobody_behind(databases: Databases) -> None:
    async with appointments(databases, doctors_per_batch=1) as world:
        doctors = await clinic_of_doctors(world, 4)
        day = await close(world, doctors[0])
        body = {"day": str(day + timedelta(days=1)), "name": "Ours", "reason": WHY}
        path = f"/api/v1/clinics/{doctors[0]['clinic_id']}/holidays"
        week = {"doctor_id": doctors[2]["doctor_id"], "hours": [], "reason": WHY}
        await together(
            world.replan(),
            world.admin.call("POST", path, body),
            world.admin.call("POST", "/api/v1/availability/weekly", week),
            world.replan(),
        )
        await world.replan()
        for closed_day in (day, day + timedelta(days=1)):
            assert await closed(world, doctors, closed_day) == 4
