from __future__ import annotations

from tests.integration.appointments.world import World

CLINIC = {"name": "City Clinic", "address": "1 Road", "reason": "It opened"}


async def test_a_clinic_that_was_sent_twice_is_made_once(world: World) -> None:
    first = await world.admin.call("POST", "/api/v1/clinics", CLINIC, key="k")
    assert await world.admin.call("POST", "/api/v1/clinics", CLINIC, key="k") == first
    assert (first["name"], first["address"]) == ("City Clinic", "1 Road")
    assert await world.db.fetchval("SELECT count(*) FROM clinics") == 1


async def test_only_an_admin_makes_a_clinic(world: World) -> None:
    for who in (world.patient(), world.person("doctor"), world.payments):
        assert (await who.ask("POST", "/api/v1/clinics", CLINIC)).status_code == 403
