from __future__ import annotations

import pytest

from niyat.kernel.ids import new_id
from tests.integration.appointments.world import World, together


async def test_a_lapsed_hold_frees_its_slot(world: World) -> None:
    doctor, _ = await world.doctor()
    slot = await world.slot(doctor)
    held = await world.reserve(world.patient(), slot)
    await world.move(minutes=4, seconds=55)
    assert await world.expire() == 0
    await world.move(seconds=5)
    assert await world.expire() == 1
    assert (await world.get(held))["status"] == "expired"
    assert await world.told(held) == ["APPOINTMENT_RESERVED", "APPOINTMENT_EXPIRED"]
    again = await world.reserve(world.patient(), slot)
    assert again["status"] == "reserved"


async def test_a_payment_begun_and_abandoned_expires(world: World) -> None:
    _, held = await world.started()
    await world.move(minutes=5)
    assert await world.expire() == 1
    assert (await world.get(held))["status"] == "expired"


@pytest.mark.failure_row(41)
async def test_expiry_passes_over_what_a_payment_secured(world: World) -> None:
    _, held = await world.secured(new_id())
    await world.move(days=1)
    assert await world.expire() == 0
    assert await world.slot_status(held) == "held"


async def test_many_workers_expire_each_hold_once(world: World) -> None:
    doctor, _ = await world.doctor()
    held = [await world.reserve(world.patient(), slot) for slot in (await world.slots(doctor))[:30]]
    await world.move(minutes=5)
    assert sum(await together(*(world.expire() for _ in range(4)))) == 30
    assert all([await world.told(one) == ["APPOINTMENT_RESERVED", "APPOINTMENT_EXPIRED"] for one in held])


@pytest.mark.failure_row(41)
async def test_expiry_and_the_payment_meet_and_one_wins(world: World) -> None:
    doctor, _ = await world.doctor()
    held = [await world.reserve(world.patient(), slot) for slot in (await world.slots(doctor))[:15]]
    await world.move(minutes=5)
    await together(world.expire(), *(world.secure(one, new_id()) for one in held))
    shown = [await world.get(one) for one in held]
    assert all(one["status"] == "pending-payment" and one["secured"] for one in shown)
