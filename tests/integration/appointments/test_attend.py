from __future__ import annotations

from niyat.kernel.ids import new_id
from tests.integration.appointments.world import Json, Person, World


async def put(who: Person, held: Json, status: str, prefix: str = "/api/v1", **more: str) -> tuple[int, Json]:
    path = f"{prefix}/appointments/{held['appointment_id']}/status"
    answer = await who.ask("PATCH", path, {"status": status, "reason_code": "seen", **more})
    return answer.status_code, answer.json()


async def test_a_visit_is_completed_once_its_time_has_come(world: World) -> None:
    _, held = await world.confirmed(new_id())
    assert (await put(world.admin, held, "completed"))[1]["code"] == "not-started"
    await world.move(days=4)
    status, shown = await put(world.admin, held, "completed", prefix="")
    assert (status, shown["status"]) == (200, "completed")
    assert await world.slot_status(held) == "booked"
    assert (await put(world.admin, held, "no-show"))[1]["code"] == "illegal-move"
    assert (await world.told(held))[-1] == "APPOINTMENT_COMPLETED"


async def test_a_doctor_marks_who_did_not_come(world: World) -> None:
    doctor, me = await world.doctor()
    held = await world.reserve(world.patient(), await world.slot(doctor))
    await world.secure(held, payment := new_id())
    await world.captured(held, payment)
    await world.move(days=4)
    status, shown = await put(me, held, "no-show", party="doctor")
    assert (status, shown["status"], shown["no_show_party"]) == (200, "no-show", "doctor")


async def test_staff_moves_only_along_the_allowed_moves(world: World) -> None:
    _, held = await world.started()
    for status, code in (
        ("completed", "illegal-move"),
        ("no-show", "illegal-move"),
        ("expired", "illegal-move"),
        ("reserved", "illegal-move"),
        ("pending-payment", "illegal-move"),
        ("confirmed", "payment-required"),
    ):
        assert (await put(world.admin, held, status))[1]["code"] == code
    assert (await put(world.admin, held, "cancelled"))[1]["status"] == "cancelled"


async def test_only_its_doctor_and_admins_move_a_visit_and_admins_say_why(world: World) -> None:
    who, held = await world.confirmed(new_id())
    _, other = await world.doctor()
    assert (await put(who, held, "cancelled"))[0] == 403
    assert (await put(other, held, "cancelled"))[1]["code"] == "appointment-not-found"
    silent = await world.admin.ask(
        "PATCH", f"/appointments/{held['appointment_id']}/status", {"status": "cancelled"}
    )
    assert (silent.status_code, silent.json()["code"]) == (422, "reason-required")
