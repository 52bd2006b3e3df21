"""Blocked time comes back."""

from __future__ import annotations

from tests.integration.appointments.test_block_time import BLOCK, over
from tests.integration.appointments.world import World


async def test_time_that_is_given_back_is_free_again(world: World) -> None:
    doctor, me = await world.doctor()
    slots = (await world.slots(doctor))[30:33]
    whole = await me.call("POST", BLOCK, over(doctor, slots[0], slots[1]))
    part = await me.call("POST", BLOCK, over(doctor, slots[1], slots[2]))
    assert await me.call("DELETE", f"/api/v1/availability/blocks/{whole['block_id']}") == {"bookings": []}
    times = {slot["starts_at"] for slot in await world.slots(doctor)}
    assert slots[0]["starts_at"] in times
    assert not {slots[1]["starts_at"], slots[2]["starts_at"]} & times
    listed = await me.call("GET", f"/api/v1/availability/doctors/{doctor['doctor_id']}/blocks")
    assert [block["block_id"] for block in listed["items"]] == [part["block_id"]]


async def test_a_stranger_learns_nothing_of_a_block(world: World) -> None:
    doctor, me = await world.doctor()
    slot = (await world.slots(doctor))[30]
    made = await me.call("POST", BLOCK, over(doctor, slot, slot, reason="Private"))
    path = f"/api/v1/availability/blocks/{made['block_id']}"
    stranger = world.person("doctor")
    assert (await stranger.ask("DELETE", path)).json()["code"] == "block-not-found"
    listed = f"/api/v1/availability/doctors/{doctor['doctor_id']}/blocks"
    assert (await stranger.ask("GET", listed)).status_code == 403
    assert (await world.admin.ask("DELETE", path)).json()["code"] == "reason-required"
    await world.admin.call("DELETE", path, {"reason": "Back earlier"})
    assert (await me.ask("DELETE", path)).status_code == 404
    last = await world.db.fetchval("SELECT action FROM audit_log ORDER BY id DESC LIMIT 1")
    assert last == "lift-block"


async def test_blocks_are_listed_in_pages_by_time(world: World) -> None:
    doctor, me = await world.doctor()
    slots = (await world.slots(doctor))[30:33]
    made = [await me.call("POST", BLOCK, over(doctor, slot, slot)) for slot in reversed(slots)]
    path = f"/api/v1/availability/doctors/{doctor['doctor_id']}/blocks"
    first = await me.call("GET", path, params={"limit": 2})
    second = await me.call("GET", path, params={"limit": 2, "cursor": first["next_cursor"]})
    ids = [block["block_id"] for block in (*first["items"], *second["items"])]
    assert ids == [block["block_id"] for block in reversed(made)]
    assert second["next_cursor"] is None
