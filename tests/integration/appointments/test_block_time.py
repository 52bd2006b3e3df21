from __future__ import annotations

from tests.integration.appointments.world import World


async def test_a_block_takes_free_time_and_refuses_where_there_are_bookings(world: World) -> None:
    doctor, me = await world.doctor()
    free, booked = (await world.slots(doctor))[30:32]
    held = await world.reserve(world.patient(), booked)
    block = {"doctor_id": doctor["doctor_id"], "starts_at": free["starts_at"], "ends_at": booked["ends_at"]}
    refused = await me.ask("POST", "/api/v1/availability/block", block)
    assert (refused.status_code, refused.json()["code"]) == (409, "bookings-in-the-way")
    assert refused.json()["appointment_ids"] == [held["appointment_id"]]
    await me.call("POST", "/api/v1/availability/block", block | {"ends_at": free["ends_at"]})
    assert free not in await world.slots(doctor)
    stranger = world.person("doctor")
    assert (await stranger.ask("POST", "/api/v1/availability/block", block)).status_code == 403
