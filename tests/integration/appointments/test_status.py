"""Moves of an appointment: along which, by whom, and that the guarded update, the table and the database agree."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any
from uuid import UUID

import asyncpg

from niyat.appointments.domain import BOOKED, SYSTEM, TRANSITIONS, Appointment, AppointmentStatus, slot_status
from niyat.appointments.record import locked, save
from niyat.kernel.ids import new_id
from tests.integration.appointments.world import World, put_status

S = AppointmentStatus

PUT = """
UPDATE appointments SET status = $2, secured_by = $3, secured_at = $4, cancelled_by = $5, cancel_reason_code = $6,
    amount_owed_back = $7, no_show_party = $8 WHERE id = $1
"""


def dressed(plain: Appointment, status: S) -> Appointment:
    """`plain` in `status`, with whatever the constraints want to go with it."""
    secured = status in BOOKED or None
    return replace(
        plain,
        status=status,
        secured_by=secured and UUID(int=1),
        secured_at=secured and plain.now,
        cancelled_by="admin" if status is S.CANCELLED else None,
        cancel_reason_code="x" if status is S.CANCELLED else None,
        amount_owed_back=0 if status in (S.CANCELLED, S.NO_SHOW) else None,
        no_show_party="patient" if status is S.NO_SHOW else None,
    )


class RolledBack(Exception):
    """The end of every try."""


async def saved(world: World, appointment_id: UUID, actual: S, read: S, after: S) -> str | None:
    """Why an appointment that is `actual`, and was read as `read`, cannot be saved as `after`; None when it can."""
    why: list[str | None] = []

    async def command(conn: asyncpg.Connection[asyncpg.Record]) -> None:
        is_now = dressed(await locked(conn, appointment_id), actual)
        await conn.execute("SET LOCAL session_replication_role = replica")  # past the triggers
        values: tuple[Any, ...] = (
            is_now.secured_by,
            is_now.secured_at,
            is_now.cancelled_by,
            is_now.cancel_reason_code,
            is_now.amount_owed_back,
            is_now.no_show_party,
        )
        await conn.execute(PUT, appointment_id, actual, *values)
        slot = slot_status(read) or "available"
        await conn.execute("UPDATE available_slots SET status = $2 WHERE id = $1", is_now.slot_id, slot)
        await conn.execute("SET LOCAL session_replication_role = origin")
        try:
            async with conn.transaction():
                await save(conn, dressed(is_now, read), dressed(is_now, after), SYSTEM, "x")
            why.append(None)
        except asyncpg.CheckViolationError as error:
            why.append(error.constraint_name)
        except RuntimeError:
            why.append("guard")
        raise RolledBack

    owner = await asyncpg.connect(world.superuser_url)
    try:
        async with owner.transaction():
            await command(owner)
    except RolledBack:
        pass
    finally:
        await owner.close()
    return why[0]


async def test_what_is_saved_agrees_with_the_table_on_every_pair(world: World) -> None:
    _, held = await world.held()
    for before, after in product(S, S):
        refused = await saved(world, UUID(held["appointment_id"]), before, before, after)
        allowed = before is after or (before, after) in TRANSITIONS
        assert refused == (None if allowed else "appointments_legal_move"), (before, after, refused)


async def test_nothing_is_saved_over_another_status_than_was_read(world: World) -> None:
    _, held = await world.held()
    for actual, read in product(S, S):
        refused = await saved(world, UUID(held["appointment_id"]), actual, read, read)
        assert refused == (None if actual is read else "guard"), (actual, read, refused)


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
