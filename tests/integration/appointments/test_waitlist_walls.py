"""The database keeps doctors' lines in order by itself, whatever the code does."""

from __future__ import annotations

from itertools import product
from uuid import UUID

import asyncpg
import pytest

from niyat.appointments.waitlist import TRANSITIONS, WaitlistStatus
from niyat.kernel.db import Connection
from tests.integration.appointments.lines import cancel, entry_of, join, taken
from tests.integration.appointments.world import World

W = WaitlistStatus

MOVE = """
UPDATE waitlist_entries SET status = $2,
    appointment_id = CASE WHEN $2 IN ('offered', 'booked') THEN $3::uuid END,
    closed_because = CASE WHEN $2 = 'closed' THEN 'days-over' END
WHERE id = $1
"""


class RolledBack(Exception):
    """The end of every try."""


async def test_the_database_and_the_table_of_transitions_agree_on_every_pair(world: World) -> None:
    doctor, _ = await world.doctor()
    _, held = await taken(world, doctor)
    entry = await join(world.patient(), doctor)
    ids = UUID(entry["waitlist_entry_id"]), UUID(held["appointment_id"])
    for before, after in product(W, W):
        listed = (before, after) in TRANSITIONS
        assert await world.db.fetchval("SELECT waitlist_may_move($1, $2)", before, after) is listed
        assert await _moves(world, *ids, before, after) is (listed or before is after)


async def _moves(world: World, entry_id: UUID, appointment_id: UUID, before: W, after: W) -> bool:
    moved: list[bool] = []

    async def command(conn: Connection) -> None:
        if before is not W.WAITING:
            await conn.execute(MOVE, entry_id, before, appointment_id)
        try:
            async with conn.transaction():
                await conn.execute(MOVE, entry_id, after, appointment_id)
            moved.append(True)
        except asyncpg.CheckViolationError as error:
            moved.append(error.constraint_name != "waitlist_entries_legal_move")
        raise RolledBack

    with pytest.raises(RolledBack):
        await world.db.run(command)
    return moved[0]


COPY = """
INSERT INTO waitlist_entries (id, doctor_id, patient_id, policy, offer_seconds, status, appointment_id)
SELECT uuidv7(), doctor_id, {patient}, policy, offer_seconds, {status}, {appointment} FROM waitlist_entries
"""


@pytest.mark.parametrize(
    ("columns", "wall"),
    [
        (("patient_id", "'waiting'", "NULL"), "waitlist_entries_one_open"),
        (("uuidv7()", "'offered'", "appointment_id"), "waitlist_entries_legal_move"),
        (("uuidv7()", "'waiting'", "appointment_id"), "waitlist_entries_offered_has_its_appointment"),
    ],
)
async def test_what_must_not_be_is_refused(world: World, columns: tuple[str, str, str], wall: str) -> None:
    doctor, _ = await world.doctor()
    holder, held = await taken(world, doctor)
    who = world.patient()
    await join(who, doctor)
    await cancel(holder, held)
    assert (await entry_of(who))["status"] == "offered"
    patient, status, appointment = columns
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await world.db.execute(COPY.format(patient=patient, status=status, appointment=appointment))
    assert refused.value.constraint_name == wall


async def test_one_appointment_is_offered_to_one_entry(world: World) -> None:
    doctor, _ = await world.doctor()
    holder, held = await taken(world, doctor)
    first, second = world.patient(), world.patient()
    await join(first, doctor)
    await join(second, doctor)
    await cancel(holder, held)
    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        await world.db.execute(
            "UPDATE waitlist_entries SET status = 'offered', appointment_id = $1 WHERE status = 'waiting'",
            UUID((await entry_of(first))["appointment_id"]),
        )
    assert refused.value.constraint_name == "waitlist_entries_one_offer"
