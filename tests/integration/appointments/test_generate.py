from __future__ import annotations

from typing import Any
from uuid import UUID

from niyat.appointments.commands.generate import Progress, generate
from niyat.appointments.commands.plan import replan
from tests.integration.appointments.world import World, together


async def every_slot(world: World) -> list[Any]:
    return await world.db.fetch("SELECT * FROM available_slots ORDER BY id")


async def run(world: World) -> int:
    return await generate(world.db, days_ahead=30, doctors_per_batch=2)


async def test_generating_again_changes_nothing(world: World) -> None:
    doctor, _ = await world.doctor()
    before = await every_slot(world)
    assert len(before) > 30 * 23
    assert await run(world) == 0
    await world.db.run(replan, [UUID(doctor["doctor_id"])], days_ahead=30)
    assert await every_slot(world) == before


async def test_progress_is_told_after_each_batch(world: World) -> None:
    for _ in range(3):
        await world.doctor()
    await world.move(days=1)
    told: list[Progress] = []
    slots = await generate(world.db, days_ahead=30, doctors_per_batch=2, report=told.append)
    assert [(done.doctors, done.of) for done in told] == [(2, 3), (3, 3)]
    assert told[-1].slots == slots > 0


async def test_each_night_adds_one_day(world: World) -> None:
    for _ in range(3):
        await world.doctor()
    await world.move(days=1)
    assert sorted(await together(*(run(world) for _ in range(3))))[-1] > 0
    per_day = """SELECT DISTINCT count(*) FROM available_slots WHERE starts_at::date > niyat_now()::date
                 GROUP BY doctor_id, starts_at::date"""
    assert [row[0] for row in await world.db.fetch(per_day)] == [24]
    last = await world.db.fetchval("SELECT max(starts_at)::date - niyat_now()::date FROM available_slots")
    assert last == 30
