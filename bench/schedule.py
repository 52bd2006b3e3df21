"""The doctors' time: what making slots costs beside PostgreSQL's bare INSERT … SELECT of the same rows, and what a
week of one doctor costs to list when few slots are stored and when there are millions.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg

from bench.stack import Databases
from niyat.appointments.commands.generate import Progress, generate
from niyat.appointments.slot_queries import SlotFilter, slots_of
from niyat.kernel.db import Database

DAYS_AHEAD = 30
DOCTORS_PER_BATCH = 200
FEW_DOCTORS = 100
CHUNKS = 5
LISTINGS = 60
"""Listings of one side's turn."""

CLINIC = "INSERT INTO clinics (id, name, address) VALUES (uuidv7(), 'Clinic', '1 Road')"
# Sixteen half hours a day, each as video and in person, in five zones.
MAKE_DOCTORS = """
WITH d AS (
    INSERT INTO doctors (id, account_id, clinic_id, name, specialty, currency, time_zone)
    SELECT uuidv7(), uuidv7(), c.id, 'Doctor ' || n, 'General medicine', 'INR',
        (ARRAY['Asia/Kolkata', 'Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Cairo'])[n % 5 + 1]
    FROM (SELECT id FROM clinics LIMIT 1) c, generate_series(1, $1::int) AS n RETURNING id),
s AS (
    INSERT INTO consultation_settings (doctor_id, consultation_type, fee_amount, slot_minutes)
    SELECT id, type, 50000, 30 FROM d, unnest(ARRAY['VIDEO', 'IN_PERSON']) AS type)
INSERT INTO weekly_availability (doctor_id, weekday, start_time, end_time)
SELECT id, weekday, start_time::time, end_time::time
FROM d, generate_series(1, 7) AS weekday, (VALUES ('09:00', '13:00'), ('14:00', '18:00')) AS w (start_time, end_time)
"""
ANALYZE = "VACUUM ANALYZE doctors, consultation_settings, weekly_availability, available_slots"

COLUMNS = "doctor_id, doctor_key, starts_at, ends_at, status, planned_as, consultation_types, place_id"
KEEP = f"CREATE TABLE made AS SELECT {COLUMNS} FROM available_slots WHERE id > $1"
TAKE_OUT = "DELETE FROM available_slots WHERE id > $1"
PUT_BACK = f"INSERT INTO available_slots ({COLUMNS}) SELECT {COLUMNS} FROM made"
LAST_ID = "SELECT id FROM available_slots ORDER BY id DESC LIMIT 1"
A_NIGHT_LATER = """
CREATE OR REPLACE FUNCTION niyat_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT now() + interval '1 day' $$
"""


@dataclass
class Making:
    """So many slots made, in seconds, and the bare statement's seconds for the same rows."""

    slots: int = 0
    seconds: float = 0.0
    bare_seconds: float = 0.0

    def __add__(self, more: Making) -> Making:
        return Making(
            self.slots + more.slots, self.seconds + more.seconds, self.bare_seconds + more.bare_seconds
        )

    @property
    def ratio(self) -> float:
        """The share of the bare statement's speed."""
        return self.bare_seconds / self.seconds


@dataclass
class Figures:
    first: Making = field(default_factory=Making)
    night: Making = field(default_factory=Making)
    few: list[float] = field(default_factory=list)
    many: list[float] = field(default_factory=list)
    few_slots: int = 0
    doctors: int = 0


async def measure(of: Databases, doctors: int, rounds: int) -> Figures:
    """With `doctors` doctors. It fills the disk with a few gigabytes for ten thousand."""
    figures = Figures(doctors=doctors)
    url = of.urls["appointments"]
    owner = await asyncpg.connect(url.migration)
    await owner.execute(CLINIC)
    await owner.execute(MAKE_DOCTORS, FEW_DOCTORS)
    await owner.execute(ANALYZE)
    async with _database(url.app) as db:
        figures.few_slots = await generate(db, days_ahead=DAYS_AHEAD, doctors_per_batch=DOCTORS_PER_BATCH)
    wanted = [row["id"] for row in await owner.fetch("SELECT id FROM doctors ORDER BY doctor_key LIMIT 20")]
    await owner.execute(ANALYZE)
    few = await _clone(of, owner)
    owner = await asyncpg.connect(url.migration)
    async with _database(url.app) as db:
        for _ in range(CHUNKS):  # both sides in turn, because no machine is equally fast for minutes
            await owner.execute(MAKE_DOCTORS, (doctors - FEW_DOCTORS) // CHUNKS)
            await owner.execute(ANALYZE)
            figures.first += await _make(db, owner)
        await owner.execute(ANALYZE)
        async with _database(few) as beside:
            for turn in range(rounds + 1):
                for side, database in ((figures.few, beside), (figures.many, db)):
                    seconds = await _list(database, wanted)
                    side += seconds if turn else []
        await owner.execute(A_NIGHT_LATER)
        figures.night = await _make(db, owner)
    await owner.close()
    return figures


async def _make(db: Database, owner: Any) -> Making:
    """Make what is missing; then the bare statement makes the same rows in the same table, which is as full."""
    before: UUID = await owner.fetchval(LAST_ID)
    begun = time.perf_counter()
    slots = await generate(db, days_ahead=DAYS_AHEAD, doctors_per_batch=DOCTORS_PER_BATCH, report=_say)
    seconds = time.perf_counter() - begun
    await owner.execute(KEEP, before)
    await owner.execute(TAKE_OUT, before)
    await owner.execute(ANALYZE)
    bare_seconds = await _timed(owner.execute(PUT_BACK))
    await owner.execute("DROP TABLE made")
    print(f"  {slots:,} slots in {seconds:.1f} s; the bare statement {bare_seconds:.1f} s", flush=True)
    return Making(slots, seconds, bare_seconds)


def _say(done: Progress) -> None:
    if done.doctors % 1000 == 0 or done.doctors == done.of:
        print(f"  {done.doctors:,} of {done.of:,} doctors, {done.slots:,} slots", flush=True)


async def _list(db: Database, doctors: list[UUID]) -> list[float]:
    found = []
    for number in range(LISTINGS):
        wanted = SlotFilter(doctor_id=doctors[number % len(doctors)])
        found.append(await _timed(slots_of(db, wanted, after=None, limit=1000)))
    return found


@contextlib.asynccontextmanager
async def _database(url: str) -> AsyncIterator[Database]:
    db = await Database.connect(url)
    try:
        yield db
    finally:
        await db.close()


async def _timed(work: Awaitable[Any]) -> float:
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


async def _clone(of: Databases, owner: Any) -> str:
    """The database as it is now under another name; the URL of the service's role on it."""
    url = of.urls["appointments"].app
    name = await owner.fetchval("SELECT current_database()")
    await owner.close()
    maker = await asyncpg.connect(of.server.superuser_url())
    await maker.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
        name,
    )
    await maker.execute(f"CREATE DATABASE {name}_few TEMPLATE {name}")
    await maker.close()
    return url.replace(f"/{name}", f"/{name}_few")


def table(figures: Figures) -> str:
    """What `make bench` prints of it."""
    lines = [f"{'slots made':<26}{'slots':>10}{'seconds':>9}{'bare':>9}{'ratio':>7}{'a slot':>10}"]
    for name, made in (
        (f"{figures.doctors:,} doctors' month", figures.first),
        ("the next night's day", figures.night),
    ):
        lines.append(
            f"{name:<26}{made.slots:>10,}{made.seconds:>9.1f}{made.bare_seconds:>9.1f}{made.ratio:>7.2f}"
            f"{made.seconds / made.slots * 1e6:>7.1f} µs"
        )
    few, many = median(figures.few) * 1000, median(figures.many) * 1000
    lines.append(
        f"a doctor's week listed: {few:.2f} ms of {figures.few_slots:,} slots, {many:.2f} ms of"
        f" {figures.few_slots + figures.first.slots:,}: {many / few:.2f} ×"
    )
    return "\n".join(lines)
