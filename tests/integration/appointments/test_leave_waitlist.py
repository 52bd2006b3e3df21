"""Leaving a doctor's line, and waits that end by themselves."""

from __future__ import annotations

from datetime import timedelta

from niyat.appointments.commands.close_waits import close_waits
from niyat.kernel.ids import new_id
from tests.integration.appointments.lines import API, cancel, entry_of, join, pay, taken
from tests.integration.appointments.world import World


async def test_whoever_leaves_is_out_and_may_come_back_at_the_end(world: World) -> None:
    doctor, _ = await world.doctor()
    first, second = world.patient(), world.patient()
    entry = await join(first, doctor)
    await join(second, doctor)
    path = f"{API}/{entry['waitlist_entry_id']}"
    assert (await first.call("DELETE", path))["status"] == "left"
    assert (await first.call("DELETE", path))["status"] == "left"
    assert (await entry_of(second))["ahead"] == 0
    assert (await join(first, doctor))["ahead"] == 1


async def test_nobody_takes_another_out_of_a_line(world: World) -> None:
    doctor, me = await world.doctor()
    entry = await join(world.patient(), doctor)
    path = f"{API}/{entry['waitlist_entry_id']}"
    for who, status in ((world.patient(), 404), (me, 403), (world.admin, 403), (world.nobody, 401)):
        assert (await who.ask("DELETE", path)).status_code == status
    assert (await world.patient().ask("DELETE", f"{API}/{new_id()}")).status_code == 404


async def test_whoever_is_booked_waits_no_more_and_cannot_leave(world: World) -> None:
    doctor, _ = await world.doctor()
    holder, held = await taken(world, doctor)
    who = world.patient()
    entry = await join(who, doctor)
    await cancel(holder, held)
    await pay(world, await entry_of(who))
    refused = await who.ask("DELETE", f"{API}/{entry['waitlist_entry_id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-on-waitlist")


async def test_a_wait_ends_with_its_last_day_in_the_doctors_zone_and_an_offer_is_left_alone(
    world: World,
) -> None:
    doctor, _ = await world.doctor(time_zone="Pacific/Kiritimati")
    today = (await world.now() + timedelta(hours=14)).date()
    early, late, open_end = world.patient(), world.patient(), world.patient()
    await join(early, doctor, latest_day=str(today))
    await join(late, doctor, latest_day=str(today + timedelta(days=1)))
    await join(open_end, doctor)
    assert await world.db.run(close_waits) == 0
    await world.move(days=1)
    assert await world.db.run(close_waits) == 1
    assert await world.db.run(close_waits) == 0
    closed = await entry_of(early)
    assert (closed["status"], closed["closed_because"]) == ("closed", "days-over")
    assert [(await entry_of(who))["status"] for who in (late, open_end)] == ["waiting", "waiting"]
