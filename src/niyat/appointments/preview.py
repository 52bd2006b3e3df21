"""What a change of the schedule would do: the very command, run in a transaction that is taken back.

So it cannot disagree with what the change does when it is made, and nothing of it stays: no row, no event, no key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Concatenate, Literal, NamedTuple, ParamSpec, TypeAlias
from uuid import UUID

from niyat.appointments.commands.plan import lock_doctors, replan
from niyat.appointments.commands.replan_clinic import NEXT
from niyat.appointments.errors import BookingsInTheWay
from niyat.appointments.hit import Hit
from niyat.appointments.hits import outside
from niyat.kernel.db import Connection, Database

P = ParamSpec("P")

SLOTS = """
SELECT doctor_id, starts_at, ends_at, status, consultation_types, place_id FROM available_slots
WHERE doctor_id = ANY ($1) AND starts_at > niyat_now()
"""

DOCTORS_AT_A_TIME = 50
"""A month of their slots fits in memory."""

What: TypeAlias = Literal["added", "removed", "blocked", "changed"]


class Time(NamedTuple):
    """Which slot, whatever its row's id."""

    starts_at: datetime
    ends_at: datetime
    doctor_id: UUID


class Slot(NamedTuple):
    """What may differ about it."""

    status: str
    consultation_types: tuple[str, ...]
    place_id: UUID | None


Slots: TypeAlias = Mapping[Time, Slot]


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of the slots, by time, and of the bookings that are hit."""

    slots: Sequence[tuple[Time, What]]
    bookings: Sequence[Hit]

    def __add__(self, other: Effect) -> Effect:
        return Effect(
            sorted([*self.slots, *other.slots]),
            sorted([*self.bookings, *other.bookings], key=lambda hit: (hit.starts_at, hit.appointment_id)),
        )


def differences(before: Slots, after: Slots) -> list[tuple[Time, What]]:
    """What patients would find different, by time: `added` and `removed` are about free slots alone."""
    found = ((time, _what(before.get(time), after.get(time))) for time in before.keys() | after.keys())
    return sorted((time, what) for time, what in found if what)


def _what(before: Slot | None, after: Slot | None) -> What | None:
    was_free = before is not None and before.status == "available"
    if after is None:
        return "removed" if was_free else None
    if after.status == "available":
        if not was_free:
            return "added"
        return "changed" if after != before else None
    if after.status == "blocked" and before is not None and before.status != "blocked":
        return "blocked"
    return None


async def preview(
    db: Database,
    doctor_ids: Sequence[UUID],
    command: Callable[Concatenate[Connection, P], Awaitable[Sequence[Hit]]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> Effect:
    """What `command` would do to these doctors' slots and bookings. Raises what it raises, but for BookingsInTheWay:
    such bookings are shown as the ones that need an outcome.
    """

    async def rehearsal(conn: Connection) -> Effect:
        await lock_doctors(conn, doctor_ids)
        before = await slots_of(conn, doctor_ids)
        try:
            bookings = await command(conn, *args, **kwargs)
        except BookingsInTheWay as missing:
            bookings = missing.hits
        return Effect(differences(before, await slots_of(conn, doctor_ids)), bookings)

    return await db.rehearse(rehearsal)


async def slots_of(conn: Connection, doctor_ids: Sequence[UUID]) -> Slots:
    """The doctors' slots from now on."""
    rows = await conn.fetch(SLOTS, doctor_ids)
    return {
        Time(row["starts_at"], row["ends_at"], row["doctor_id"]): Slot(
            row["status"], tuple(row["consultation_types"]), row["place_id"]
        )
        for row in rows
    }


async def preview_clinic(
    db: Database,
    clinic_id: UUID,
    command: Callable[Concatenate[Connection, P], Awaitable[Sequence[date]]],
    days_ahead: int,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Effect:
    """What `command`, which opens or closes days of the clinic, would do to all of its doctors. Raises what it
    raises. Some doctors at a time, each time with the command itself.
    """

    async def rehearsal(conn: Connection, after_key: int) -> tuple[Effect, int | None]:
        days = await command(conn, *args, **kwargs)
        doctors = await conn.fetch(NEXT, clinic_id, after_key, DOCTORS_AT_A_TIME)
        doctor_ids = [row["id"] for row in doctors]
        await lock_doctors(conn, doctor_ids)
        before = await slots_of(conn, doctor_ids)
        await replan(conn, doctor_ids, days_ahead=days_ahead)
        bookings = await outside(conn, doctor_ids=doctor_ids, days=days)
        effect = Effect(differences(before, await slots_of(conn, doctor_ids)), bookings)
        return effect, doctors[-1]["doctor_key"] if len(doctors) == DOCTORS_AT_A_TIME else None

    whole, after_key = await db.rehearse(rehearsal, 0)
    while after_key is not None:
        part, after_key = await db.rehearse(rehearsal, after_key)
        whole += part
    return whole
