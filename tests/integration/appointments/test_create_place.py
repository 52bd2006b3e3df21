from __future__ import annotations

from uuid import uuid4

from tests.integration.appointments.world import WHY, World


async def test_an_admin_adds_places_to_a_clinic_and_anybody_may_look(world: World) -> None:
    clinic = await world.admin.call("POST", "/api/v1/clinics", {"name": "Clinic", "reason": WHY})
    path = f"/api/v1/clinics/{clinic['clinic_id']}/places"
    for name in ("West", "East"):
        made = await world.admin.call(
            "POST", path, {"name": name, "address": "1 Road", "reason": WHY}, key=name
        )
        assert made == await world.admin.call(
            "POST", path, {"name": name, "address": "1 Road", "reason": WHY}, key=name
        )
    first = await world.nobody.call("GET", path, params={"limit": 1})
    rest = await world.nobody.call("GET", path, params={"limit": 1, "cursor": first["next_cursor"]})
    assert [place["name"] for place in first["items"] + rest["items"]] == ["East", "West"]
    assert rest["next_cursor"] is None


async def test_a_place_is_refused_with_the_reason(world: World) -> None:
    clinic = await world.admin.call("POST", "/api/v1/clinics", {"name": "Clinic", "reason": WHY})
    path, place = f"/api/v1/clinics/{clinic['clinic_id']}/places", {"name": "East", "reason": WHY}
    await world.admin.call("POST", path, place)
    again = await world.admin.ask("POST", path, place)
    assert (again.status_code, again.json()["code"]) == (409, "place-exists")
    nowhere = await world.admin.ask("POST", f"/api/v1/clinics/{uuid4()}/places", place)
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "clinic-not-found")
    assert (await world.patient().ask("POST", path, place)).status_code == 403
    assert (await world.nobody.ask("GET", f"/api/v1/clinics/{uuid4()}/places")).status_code == 404
