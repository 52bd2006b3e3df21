"""Keeps every doctor's slots made for the days ahead: the nightly work, safe to run twice and by two at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from niyat.appointments.commands.plan import extend
from niyat.kernel.db import Database

_UNPLANNED = """
FROM doctors WHERE active AND (planned_until IS NULL
                               OR planned_until < (niyat_now() AT TIME ZONE time_zone)::date + $1::int)
"""
NEXT_UNPLANNED = f"SELECT id {_UNPLANNED} ORDER BY doctor_key LIMIT $2"
HOW_MANY = f"SELECT count(*) {_UNPLANNED}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many doctors of how many are planned, and how many slots that made."""

    doctors: int
    of: int
    slots: int


async def generate(
    db: Database,
    *,
    days_ahead: int,
    doctors_per_batch: int,
    report: Callable[[Progress], None] = lambda progress: None,
) -> int:
    """Plan every doctor's missing days, some doctors at a time; returns how many slots were made.

    `report` hears after each batch how far it is. Each batch is a transaction: thousands of locks in one would
    exhaust the server's table, and would keep patients waiting. Two workers that take the same batch wait for each
    other, and the second finds it done.
    """
    doctors = slots = 0
    of = await db.fetchval(HOW_MANY, days_ahead)
    while batch := [row["id"] for row in await db.fetch(NEXT_UNPLANNED, days_ahead, doctors_per_batch)]:
        slots += await db.run(extend, batch, days_ahead=days_ahead)
        doctors += len(batch)
        report(Progress(doctors=doctors, of=max(of, doctors), slots=slots))
    return slots
