"""Staff's moves of an appointment: who may, along which, and what is remembered."""

from __future__ import annotations

from niyat.kernel.ids import new_id
from tests.integration.appointments.world import World, put_status


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
        assert (await put_status(world.admin, held, status))[1]["code"] == code
    assert (await put_status(world.admin, held, "cancelled"))[1]["status"] == "cancelled"


async def test_only_its_doctor_and_admins_move_a_visit_and_admins_say_why(world: World) -> None:
    who, held = await world.confirmed(new_id())
    _, other = await world.doctor()
    assert (await put_status(who, held, "cancelled"))[0] == 403
    assert (await put_status(other, held, "cancelled"))[1]["code"] == "appointment-not-found"
    silent = await world.admin.ask(
        "PATCH", f"/appointments/{held['appointment_id']}/status", {"status": "cancelled"}
    )
    assert (silent.status_code, silent.json()["code"]) == (422, "reason-required")
