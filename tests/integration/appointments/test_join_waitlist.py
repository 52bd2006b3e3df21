"""Standing in a doctor's line: who may, for what, and who sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.integration.appointments.lines import API, join
from tests.integration.appointments.world import World, together


async def test_a_wish_is_kept_as_it_was_told_and_shown_with_its_place(world: World) -> None:
    doctor, _ = await world.doctor()
    tomorrow = str((await world.now()).date() + timedelta(days=1))
    wish = {
        "consultation_type": "VIDEO",
        "earliest_day": tomorrow,
        "latest_day": tomorrow,
        "from_time": "09:00",
        "to_time": "24:00",
        "reason_for_visit": "Cough",
    }
    first, second = world.patient(), world.patient()
    entry = await join(first, doctor, **wish)
    assert {name: entry[name] for name in wish} == wish
    assert (entry["status"], entry["ahead"], entry["offer"], entry["lapses"]) == ("waiting", 0, None, 0)
    assert (entry["patient_id"], entry["doctor_name"], entry["visitor"]) == (str(first.id), "Dr Test", None)
    assert entry["policy"]["clinic_cancels_percent"] == 100
    assert (await join(second, doctor))["ahead"] == 1


NOBODY = "00000000-0000-7000-8000-000000000000"
REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"doctor_id": NOBODY}, 404, "doctor-not-found"),
    ({"consultation_type": "AUDIO"}, 409, "consultation-type-not-offered"),
    ({"latest_day": "2020-01-01"}, 422, "days-are-over"),
    ({"family_member_id": NOBODY}, 404, "family-member-not-found"),
    ({"earliest_day": "2050-01-02", "latest_day": "2050-01-01"}, 422, "invalid-request"),
    ({"from_time": "10:00", "to_time": "10:00"}, 422, "invalid-request"),
    ({"from_time": "25:00"}, 422, "invalid-request"),
    ({"earliest_day": "9999-01-01"}, 422, "invalid-request"),
    ({"reason_for_visit": "\x00"}, 422, "invalid-request"),
]


async def test_what_nobody_can_wait_for_is_refused(world: World) -> None:
    doctor, _ = await world.doctor()
    who = world.patient()
    for wish, status, code in REFUSED:
        refused = await who.ask("POST", API, {"doctor_id": doctor["doctor_id"], **wish})
        assert (refused.status_code, refused.json()["code"]) == (status, code), wish


async def test_nobody_stands_twice_in_one_line_but_in_as_many_as_they_like(world: World) -> None:
    doctor, _ = await world.doctor()
    other, _ = await world.doctor()
    who = world.patient()
    answers = await together(*(who.ask("POST", API, {"doctor_id": doctor["doctor_id"]}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.is_error} == {"already-on-waitlist"}
    await join(who, other)


async def test_a_request_sent_twice_joins_once(world: World) -> None:
    doctor, _ = await world.doctor()
    who = world.patient()
    body = {"doctor_id": doctor["doctor_id"]}
    first, again = await together(*(who.call("POST", API, body, key="k") for _ in range(2)))
    assert first == again
    other = await who.ask("POST", API, {**body, "from_time": "10:00"}, key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_patient_sees_their_own_a_doctor_their_line_and_an_admin_all(world: World) -> None:
    doctor, me = await world.doctor()
    other, other_me = await world.doctor()
    first, second = world.patient(), world.patient()
    mine, theirs = await join(first, doctor), await join(second, doctor)
    elsewhere = await join(second, other)

    async def seen(who: Any, **params: Any) -> list[str]:
        items = (await who.call("GET", API, params=params))["items"]
        return [item["waitlist_entry_id"] for item in items]

    ids = [entry["waitlist_entry_id"] for entry in (mine, theirs, elsewhere)]
    assert await seen(first) == ids[:1]
    assert await seen(second) == ids[1:]
    assert await seen(me) == ids[:2]
    assert await seen(other_me, doctor_id=doctor["doctor_id"]) == []
    assert await seen(world.admin, doctor_id=doctor["doctor_id"]) == ids[:2]
    assert await seen(world.admin, patient_id=str(second.id), status="left") == []
    page = await world.admin.call("GET", API, params={"limit": 2})
    assert [item["waitlist_entry_id"] for item in page["items"]] == ids[:2]
    assert await seen(world.admin, cursor=page["next_cursor"]) == ids[2:]


async def test_only_a_patient_joins_and_nobody_unknown_sees_a_line(world: World) -> None:
    doctor, me = await world.doctor()
    assert (await me.ask("POST", API, {"doctor_id": doctor["doctor_id"]})).status_code == 403
    assert (await world.nobody.ask("GET", API)).status_code == 401
    assert (await world.patient().call("GET", API))["items"] == []
