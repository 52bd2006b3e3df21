"""The database refuses by itself, whatever the code does."""

from __future__ import annotations

from itertools import product
from uuid import UUID

import asyncpg
import pytest

from niyat.appointments.domain import TRANSITIONS, AppointmentStatus
from niyat.kernel.ids import new_id
from tests.integration.appointments.world import World

S = AppointmentStatus

MOVE = """
UPDATE appointments SET status = $2,
    secured_by = CASE WHEN $2 IN ('reserved', 'expired') THEN NULL ELSE id END,
    secured_at = CASE WHEN $2 IN ('reserved', 'expired') THEN NULL ELSE created_at END,
    cancelled_by = CASE WHEN $2 = 'cancelled' THEN 'patient' END,
    cancel_reason_code = CASE WHEN $2 = 'cancelled' THEN 'x' END,
    amount_owed_back = CASE WHEN $2 IN ('cancelled', 'no-show') THEN 0 END,
    no_show_party = CASE WHEN $2 = 'no-show' THEN 'patient' END
WHERE id = $1
"""

PATHS = {
    S.RESERVED: (),
    S.PENDING_PAYMENT: (S.PENDING_PAYMENT,),
    S.CONFIRMED: (S.CONFIRMED,),
    S.COMPLETED: (S.CONFIRMED, S.COMPLETED),
    S.NO_SHOW: (S.CONFIRMED, S.NO_SHOW),
    S.CANCELLED: (S.CANCELLED,),
    S.EXPIRED: (S.EXPIRED,),
}


class RolledBack(Exception):
    """The end of every try."""


async def test_the_database_and_the_table_of_transitions_agree_on_every_pair(world: World) -> None:
    _, held = await world.held()
    appointment_id = UUID(held["appointment_id"])
    for before, after in product(S, S):
        listed = (before, after) in TRANSITIONS
        assert await world.db.fetchval("SELECT appointment_may_move($1, $2)", before, after) is listed
        assert await _moves(world, appointment_id, before, after) is (listed or before is after)
        assert await _remembered(world, appointment_id, before, after) is listed


async def _moves(world: World, appointment_id: UUID, before: S, after: S) -> bool:
    async def command(conn: asyncpg.Connection[asyncpg.Record]) -> bool:
        for step in PATHS[before]:
            await conn.execute(MOVE, appointment_id, step)
        try:
            async with conn.transaction():
                await conn.execute(MOVE, appointment_id, after)
        except asyncpg.CheckViolationError as error:
            return error.constraint_name != "appointments_legal_move"
        return True

    return await _tried(world, command)


async def _remembered(world: World, appointment_id: UUID, before: S, after: S) -> bool:
    sql = """INSERT INTO appointment_status_history (appointment_id, from_status, to_status, actor_role, reason_code)
             VALUES ($1, $2, $3, 'system', 'x')"""

    async def command(conn: asyncpg.Connection[asyncpg.Record]) -> bool:
        try:
            async with conn.transaction():
                await conn.execute(sql, appointment_id, before, after)
        except asyncpg.CheckViolationError:
            return False
        return True

    return await _tried(world, command)


async def _tried(world: World, command: object) -> bool:
    outcome: list[bool] = []

    async def rolled_back(conn: object) -> None:
        outcome.append(await command(conn))  # type: ignore[operator]
        raise RolledBack

    with pytest.raises(RolledBack):
        await world.db.run(rolled_back)
    return outcome[0]


INSERT = """
INSERT INTO appointments (id, doctor_id, doctor_key, patient_id, slot_id, starts_at, ends_at, busy, time_zone,
    consultation_type, status, hold_expires_at, quoted_amount, price_amount, currency, policy)
SELECT $2, doctor_id, doctor_key, patient_id, {slot}, starts_at, ends_at, busy, time_zone,
    consultation_type, $3, hold_expires_at, quoted_amount, price_amount, currency, policy
FROM appointments WHERE id = $1
"""


async def test_a_second_live_appointment_of_a_slot_is_refused(world: World) -> None:
    _, held = await world.held()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await world.db.execute(
            INSERT.format(slot="slot_id"), UUID(held["appointment_id"]), new_id(), "reserved"
        )
    assert refused.value.constraint_name in ("appointments_one_live_per_slot", "appointments_no_overlap")


async def test_an_overlapping_live_appointment_is_refused_on_another_slot_too(world: World) -> None:
    _, held = await world.held()
    other = "(SELECT id FROM available_slots WHERE status = 'available' LIMIT 1)"
    with pytest.raises(asyncpg.ExclusionViolationError) as refused:
        await world.db.execute(INSERT.format(slot=other), UUID(held["appointment_id"]), new_id(), "reserved")
    assert refused.value.constraint_name == "appointments_no_overlap"


async def test_an_appointment_begins_reserved(world: World) -> None:
    _, held = await world.held()
    with pytest.raises(asyncpg.CheckViolationError):
        await world.db.execute(
            INSERT.format(slot="slot_id"), UUID(held["appointment_id"]), new_id(), "expired"
        )


@pytest.mark.parametrize(
    "sql",
    ["UPDATE {} SET reason_code = 'x'", "DELETE FROM {}", "TRUNCATE {}"],
    ids=["update", "delete", "truncate"],
)
async def test_history_only_grows(world: World, sql: str) -> None:
    await world.held()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await world.db.execute(sql.format("appointment_status_history"))


async def test_a_confirmed_visit_that_costs_something_has_its_payment(world: World) -> None:
    _, held = await world.started()
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await world.db.execute(
            "UPDATE appointments SET status = 'confirmed' WHERE id = $1", UUID(held["appointment_id"])
        )
    assert refused.value.constraint_name == "appointments_confirmed_is_paid"
