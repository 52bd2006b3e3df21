from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from niyat.kernel.ids import new_id
from tests.integration.appointments.world import Json, Person, World, together


async def arrive(who: Person, held: Json, **more: Any) -> tuple[int, Json]:
    path = f"/api/v1/appointments/{held['appointment_id']}/check-in"
    answer = await who.ask("POST", path, {"reason_code": "at-the-desk"}, **more)
    return answer.status_code, answer.json()


async def test_a_patient_checks_in_from_an_hour_before_until_the_visit_ends(world: World) -> None:
    who, held = await world.confirmed(new_id())
    start = datetime.fromisoformat(held["starts_at"])
    early = await arrive(who, held)
    assert (early[0], early[1]["code"]) == (409, "check-in-not-open")
    assert datetime.fromisoformat(early[1]["opens_at"]) == start - timedelta(hours=1)
    await world.move_to(start - timedelta(minutes=59))
    status, shown = await arrive(who, held)
    assert (status, shown["status"]) == (200, "confirmed")
    assert shown["checked_in_at"] is not None
    assert await world.told(held) == ["APPOINTMENT_RESERVED", "APPOINTMENT_CONFIRMED"]


async def test_the_first_check_in_counts_however_often_and_by_whom_it_comes(world: World) -> None:
    who, held = await world.confirmed(new_id())
    await world.move_to(datetime.fromisoformat(held["starts_at"]))
    answers = await together(*(arrive(who, held) for _ in range(4)), arrive(world.admin, held))
    assert len({answer[1]["checked_in_at"] for answer in answers}) == 1
    await world.move(hours=2)
    assert (await arrive(who, held))[1]["checked_in_at"] == answers[0][1]["checked_in_at"]


async def test_staff_check_a_patient_in_at_any_time_and_a_stranger_never(world: World) -> None:
    who, held = await world.confirmed(new_id())
    assert (await arrive(world.patient(), held))[1]["code"] == "appointment-not-found"
    assert (await arrive(world.admin, held))[0] == 200
    await who.call("POST", f"/api/v1/appointments/{held['appointment_id']}/cancel")
    _, other = await world.confirmed(new_id())
    silent = await world.admin.ask("POST", f"/api/v1/appointments/{other['appointment_id']}/check-in")
    assert silent.json()["code"] == "reason-required"


async def test_nobody_checks_in_to_what_will_not_take_place(world: World) -> None:
    _, held = await world.held()
    assert (await arrive(world.admin, held))[1]["code"] == "illegal-move"
    await world.admin.call(
        "POST", f"/api/v1/appointments/{held['appointment_id']}/cancel", {"reason_code": "x"}
    )
    assert (await arrive(world.admin, held))[1]["code"] == "appointment-cancelled"
