"""Keeps every doctor's slots made for the days ahead: the nightly work, safe to run twice and by two at once."""

from __future__ import annotations

from collections.abc import Callable

from niyat.appointments.commands.plan import extend
from niyat.kernel.db import Database

UNPLANNED = """
SELECT id FROM doctors
WHERE active AND (planned_until IS NULL
                  OR planned_until < (niyat_now() AT TIME ZONE time_zone)::date + $1::int)
ORDER BY doctor_key LIMIT $2
"""


async def generate(
    db: Database,
    *,
    days_ahead: int,
    doctors_per_batch: int,
    report: Callable[[int, int], None] = lambda doctors, slots: None,
) -> int:
    """Plan every doctor's missing days, some doctors at a time; returns how many slots were made.

    `report` hears of doctors and slots done so far. Each batch is a transaction: thousands of locks in one would
    exhaust the server's table, and would keep patients waiting.
    """
    doctors = slots = 0
    while batch := [row["id"] for row in await db.fetch(UNPLANNED, days_ahead, doctors_per_batch)]:
        slots += await db.run(extend, batch, days_ahead=days_ahead)
        doctors += len(batch)
        report(doctors, slots)
    return slots
