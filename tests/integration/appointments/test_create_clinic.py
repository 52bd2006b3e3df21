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


async def test_anybody_finds_the_clinics_by_name_page_by_page(world: World) -> None:
    for name in ("West", "East"):
        await world.admin.call("POST", "/api/v1/clinics", CLINIC | {"name": name})
    first = await world.nobody.call("GET", "/api/v1/clinics", params={"limit": 1})
    rest = await world.nobody.call(
        "GET", "/api/v1/clinics", params={"limit": 1, "cursor": first["next_cursor"]}
    )
    assert [clinic["name"] for clinic in first["items"] + rest["items"]] == ["East", "West"]
    assert first["items"][0].keys() == {"clinic_id", "name", "address"}
    assert rest["next_cursor"] is None
