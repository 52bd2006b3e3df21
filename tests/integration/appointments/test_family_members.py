"""Booking for somebody of the family: kept by the account, shown with their visits to those two and the clinic."""

from __future__ import annotations

from typing import Any

from niyat.kernel.ids import new_id
from tests.integration.appointments.lines import cancel, entry_of, join, taken
from tests.integration.appointments.world import Json, Person, World

API = "/api/v1/family-members"


async def add(who: Person, **fields: Any) -> Json:
    body = {"name": "Asha", "relationship": "child", **fields}
    member: Json = await who.call("POST", API, body)
    return member


async def book_for(who: Person, slot: Json, family_member_id: str) -> Json:
    """What comes of asking for the slot on their behalf."""
    wish = {"slot_id": slot["slot_id"], "consultation_type": "VIDEO", "family_member_id": family_member_id}
    answer = await who.ask("POST", "/api/v1/appointments/reserve", wish)
    return {"status_code": answer.status_code, **answer.json()}


async def test_a_family_member_is_added_listed_corrected_and_taken_away(world: World) -> None:
    who = world.patient()
    asha = await add(who, birth_date="2019-02-28")
    ravi = await add(who, name="Ravi", relationship="parent")
    assert (asha["name"], asha["relationship"], asha["birth_date"]) == ("Asha", "child", "2019-02-28")
    page = await who.call("GET", API, params={"limit": 1})
    assert page["items"] == [asha]
    assert (await who.call("GET", API, params={"cursor": page["next_cursor"]}))["items"] == [ravi]
    path = f"{API}/{asha['family_member_id']}"
    changed = await who.call("PATCH", path, {"name": "Asha Rao"})
    assert (changed["name"], changed["relationship"], changed["birth_date"]) == (
        "Asha Rao",
        "child",
        "2019-02-28",
    )
    assert (await who.call("PATCH", path, {"birth_date": None}))["birth_date"] is None
    assert (await who.ask("DELETE", path)).status_code == 204
    assert (await who.ask("DELETE", path)).status_code == 404
    assert (await who.call("GET", API))["items"] == [ravi]
    assert await world.db.fetchval("SELECT count(*) FROM family_members") == 1


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"relationship": "neighbour"}, "invalid-request"),
    ({"name": " "}, "invalid-request"),
    ({"birth_date": "1899-12-31"}, "invalid-request"),
    ({"birth_date": "2099-01-01"}, "birth-date-ahead"),
]


async def test_what_cannot_be_is_refused(world: World) -> None:
    who = world.patient()
    member = await add(who)
    for fields, code in WRONG:
        for method, path in (("POST", API), ("PATCH", f"{API}/{member['family_member_id']}")):
            refused = await who.ask(method, path, {"name": "Asha", "relationship": "child", **fields})
            assert (refused.status_code, refused.json()["code"]) == (422, code), fields
    assert (await who.call("GET", API))["items"] == [member]


async def test_a_visit_for_a_family_member_names_them_to_patient_doctor_and_admin(world: World) -> None:
    doctor, me = await world.doctor()
    who = world.patient()
    asha = await add(who)
    held = await book_for(who, await world.slot(doctor), asha["family_member_id"])
    visitor = {
        "family_member_id": asha["family_member_id"],
        "name": "Asha",
        "relationship": "child",
    }
    assert held["visitor"] == visitor
    path = f"/api/v1/appointments/{held['appointment_id']}"
    for reader in (who, me, world.admin):
        assert (await reader.call("GET", path))["visitor"] == visitor
    assert (await world.patient().ask("GET", path)).status_code == 404
    inside = await world.payments.call("GET", f"/internal/appointments/{held['appointment_id']}")
    assert "Asha" not in str(inside)


async def test_nobody_books_or_waits_for_anothers_family(world: World) -> None:
    doctor, _ = await world.doctor()
    stranger = world.patient()
    theirs = (await add(world.patient()))["family_member_id"]
    slot = await world.slot(doctor)
    for member in (theirs, str(new_id())):
        refused = await book_for(stranger, slot, member)
        assert (refused["status_code"], refused["code"]) == (404, "family-member-not-found")
        for method, body in (("PATCH", {"name": "X"}), ("DELETE", None)):
            assert (await stranger.ask(method, f"{API}/{member}", body)).status_code == 404
    assert await world.slot(doctor) == slot


async def test_whoever_was_booked_for_is_archived_and_stays_in_the_record(world: World) -> None:
    doctor, _ = await world.doctor()
    who = world.patient()
    member = (await add(who))["family_member_id"]
    held = await book_for(who, await world.slot(doctor), member)
    assert (await who.ask("DELETE", f"{API}/{member}")).status_code == 204
    assert (await who.call("GET", API))["items"] == []
    assert (await world.get(held))["visitor"]["name"] == "Asha"
    refused = await book_for(who, await world.slot(doctor, days_ahead=5), member)
    assert (refused["status_code"], refused["code"]) == (404, "family-member-not-found")


async def test_a_wait_for_a_family_member_becomes_their_visit(world: World) -> None:
    doctor, me = await world.doctor()
    holder, held = await taken(world, doctor)
    who = world.patient()
    member = (await add(who))["family_member_id"]
    entry = await join(who, doctor, family_member_id=member, reason_for_visit="Cough")
    assert entry["visitor"]["name"] == "Asha"
    refused = await who.ask("DELETE", f"{API}/{member}")
    assert (refused.status_code, refused.json()["code"]) == (409, "family-member-on-waitlist")
    await cancel(holder, held)
    offered = await world.get((await entry_of(who))["offer"])
    assert (offered["visitor"]["name"], offered["reason_for_visit"]) == ("Asha", "Cough")
    assert (await me.call("GET", "/api/v1/waitlist"))["items"][0]["visitor"]["name"] == "Asha"
