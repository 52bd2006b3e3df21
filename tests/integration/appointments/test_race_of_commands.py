"""Every command at once, from many connections, on two doctors' time. When the dust settles the audit is clean, no
slot is lost, and PostgreSQL saw no deadlock (which fails the run wherever it happens).
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from niyat.appointments.commands.settle import Outcome
from niyat.kernel.db import Database
from niyat.kernel.ids import new_id
from tests.integration.appointments import practice as p
from tests.integration.appointments.model_schedule import Hours, Schedule, Terms
from tests.integration.appointments.practice import DAYS_AHEAD, Practice, payment_of
from tests.integration.appointments.reckoning import DAY, MINUTE
from tests.support.postgres import Databases

START = datetime(2027, 3, 27, 7, tzinfo=UTC)
OFFER = {
    "AUDIO": Terms(30, fee=0),
    "IN_PERSON": Terms(45, before=5, after=10, fee=80_000),
    "VIDEO": Terms(30),
}
WEEK = (Hours(480, 1020),)
OTHER_WEEK = (Hours(540, 960),)
FREE_SLOTS = (
    "SELECT id, consultation_types FROM bookable_slots WHERE doctor_id = $1 ORDER BY starts_at LIMIT 12"
)
VISITS = "SELECT * FROM appointments WHERE doctor_id = $1 ORDER BY created_at DESC, id DESC LIMIT 10"
ENTRIES = "SELECT id, patient_id FROM waitlist_entries WHERE doctor_id = $1 ORDER BY id DESC LIMIT 4"
BLOCKS = "SELECT id, starts_at, ends_at FROM blocked_slots WHERE doctor_id = $1 ORDER BY id"
DAYS_SET = "SELECT DISTINCT day, start_time IS NULL AS off FROM availability_overrides WHERE doctor_id = $1"
WEEK_SET = "SELECT DISTINCT start_time::text FROM weekly_availability WHERE doctor_id = $1"


@dataclass
class Worker:
    """Somebody in a hurry: looks at what there is, then does something about it that may be too late."""

    practice: Practice
    doctors: list[Schedule]
    rules: random.Random
    done: Counter[str] = field(default_factory=Counter)

    async def hurry(self, commands: int) -> None:
        deeds = (
            *[self.book] * 6,
            *[self.on_a_visit] * 8,
            self.on_the_line,
            self.on_the_schedule,
            self.on_its_own,
        )
        for _ in range(commands):
            await self.rules.choice(deeds)(self.rules.choice(self.doctors))

    async def tell(self, what: str, command: Awaitable[object]) -> bool:
        """Any refusal will do; anything else that goes wrong fails the test."""
        refused = await p.refusal(command)
        self.done[f"{what}: {refused or 'done'}"] += 1
        return refused is None

    async def book(self, doctor: Schedule) -> None:
        free = await self.practice.db.fetch(FREE_SLOTS, doctor.id)
        if not free:
            return
        slot, patient = self.rules.choice(free), new_id()
        kind = self.rules.choice(slot["consultation_types"])
        if not await self.tell("reserve", self.practice.reserve(slot["id"], patient, kind)):
            return
        if self.rules.random() < 0.8:
            visits = await self.practice.db.fetch(
                "SELECT id, quoted_amount FROM appointments WHERE patient_id = $1", patient
            )
            await self.pay(visits[0]["id"], patient, visits[0]["quoted_amount"])

    async def pay(self, visit_id: UUID, patient: UUID, amount: int) -> None:
        if not amount:
            await self.tell("confirm", self.practice.confirm(visit_id, p.patient(patient)))
            return
        payment = payment_of(visit_id, self.rules.randrange(2))
        await self.tell("start", self.practice.start_payment(visit_id, patient))
        outcome = await self.practice.secure(visit_id, payment, amount, self.rules.randrange(1, 3))
        self.done[f"secure: {outcome}"] += 1
        if self.rules.random() < 0.2:
            await self.tell("release", self.practice.release(visit_id, payment, 1))
        captured, _ = await self.practice.capture(visit_id, payment, amount)
        self.done[f"capture: {captured}"] += 1

    async def on_a_visit(self, doctor: Schedule) -> None:
        visits = await self.practice.db.fetch(VISITS, doctor.id)
        if not visits:
            return
        visit = self.rules.choice(visits)
        visit_id, patient = visit["id"], visit["patient_id"]
        who = self.rules.choice((p.patient(patient), p.doctor(doctor.account_id), p.ADMIN))
        what = self.rules.choice(("pay", "move", "move", "cancel", "complete", "no-show"))
        if what == "pay":
            await self.pay(visit_id, patient, visit["quoted_amount"])
        elif what == "move":
            free = await self.practice.db.fetch(FREE_SLOTS, doctor.id)
            if free:
                slot = self.rules.choice(free)
                kind = self.rules.choice(slot["consultation_types"])
                await self.tell(what, self.practice.move(visit_id, who, slot["id"], kind))
        elif what == "cancel":
            await self.tell(what, self.practice.cancel(visit_id, who))
        elif what == "complete":
            await self.tell(what, self.practice.complete(visit_id, p.doctor(doctor.account_id)))
        else:
            party: Any = self.rules.choice(("patient", "doctor"))
            await self.tell(what, self.practice.no_show(visit_id, p.ADMIN, party))

    async def on_the_line(self, doctor: Schedule) -> None:
        entries = await self.practice.db.fetch(ENTRIES, doctor.id)
        if not entries or self.rules.random() < 0.7:
            kind = self.rules.choice((None, "VIDEO"))
            await self.tell("join", self.practice.join(doctor.id, new_id(), kind))
        else:
            entry = self.rules.choice(entries)
            await self.tell("leave", self.practice.leave(entry["id"], p.patient(entry["patient_id"])))

    async def on_the_schedule(self, doctor: Schedule) -> None:
        """Half of the changes name every booking that there seems to be."""
        visits = await self.practice.db.fetch(VISITS, doctor.id)
        live = [visit for visit in visits if visit["status"] == "confirmed"]
        who, what = p.doctor(doctor.account_id), self.rules.choice(("block", "lift", "day", "reset", "week"))
        if what == "block" and live:
            visit = self.rules.choice(live)
            named = [Outcome(visit["id"])] if self.rules.random() < 0.7 else []
            span = visit["starts_at"], visit["ends_at"]
            await self.tell(what, self.practice.block(new_id(), doctor.id, who, span, named))
        elif what == "lift":
            for block in (await self.practice.db.fetch(BLOCKS, doctor.id))[:1]:
                await self.tell(what, self.practice.lift(block["id"], who))
        elif what == "day":
            day = START.date() + self.rules.randrange(3) * DAY
            its = [visit for visit in live if doctor.local(visit["starts_at"]).date() == day]
            named = [Outcome(visit["id"]) for visit in its] if self.rules.random() < 0.7 else []
            hours = self.rules.choice(((), WEEK))
            await self.tell(what, self.practice.set_day(doctor.id, who, day, hours, named))
        elif what == "reset":
            day = START.date() + self.rules.randrange(3) * DAY
            await self.tell(what, self.practice.reset_day(doctor.id, who, day, []))
        elif what == "week":
            await self.practice.set_week(doctor.id, who, self.rules.choice((WEEK, OTHER_WEEK)))

    async def on_its_own(self, doctor: Schedule) -> None:
        job = self.rules.choice((self.practice.expire, self.practice.generate))
        await job()
        await self.practice.replan(doctor.id)


async def time_flies(practice: Practice, workers: asyncio.Future[Any]) -> datetime:
    """Minutes pass while the others hurry, so that holds lapse and visits begin."""
    now = START
    while not workers.done():
        now += 2 * MINUTE
        await practice.stand_still(now)
        await practice.expire()
        await asyncio.wait((workers,), timeout=0.2)
    return now


async def race(databases: Databases, *, workers: int, commands: int, seed: int) -> Counter[str]:
    db = await Database.connect(databases.url("appointments"), max_connections=workers + 1)
    practice = await Practice.open(db, databases)
    try:
        await practice.begin(START)
        clinic_id = await practice.add_clinic()
        doctors = []
        for zone in ("Europe/London", "Asia/Kolkata"):
            account_id = new_id()
            doctor_id = await practice.add_doctor(clinic_id, account_id, zone, OFFER)
            await practice.set_week(doctor_id, p.ADMIN, WEEK)
            doctors.append(Schedule(doctor_id, account_id, zone, OFFER, WEEK))
        done: Counter[str] = Counter()
        hurried = asyncio.gather(
            *(
                Worker(practice, doctors, random.Random(seed + n), done).hurry(commands)
                for n in range(workers)
            )
        )
        now = await time_flies(practice, hurried)
        await hurried
        await settled(practice, doctors, now)
        return done
    finally:
        await practice.close()
        await db.close()


async def settled(practice: Practice, doctors: list[Schedule], now: datetime) -> None:
    """Everything lapses that may; then the audit is clean and every slot of the schedule is there, no other is free."""
    now += timedelta(minutes=31)
    await practice.stand_still(now)
    await practice.expire()
    assert (await practice.held()).broken == []
    for doctor in doctors:
        await practice.replan(doctor.id)
        await as_it_was_left(practice.db, doctor)
        doctor.replan(now, DAYS_AHEAD, frozenset())
    held = await practice.held()
    assert held.broken == []
    for doctor in doctors:
        stored = {
            (row["starts_at"], row["ends_at"]): (row["planned_as"], frozenset(row["consultation_types"]))
            for row in held.slots
            if row["doctor_id"] == doctor.id
            and row["starts_at"] > now
            and (
                row["status"] in ("available", "blocked")
                or (row["starts_at"], row["ends_at"]) in doctor.slots
            )
        }
        assert stored == {span: (slot.planned_as, slot.kinds) for span, slot in doctor.slots.items()}


async def as_it_was_left(db: Database, doctor: Schedule) -> None:
    """Whoever came last had their way with the schedule."""
    blocks = await db.fetch(BLOCKS, doctor.id)
    doctor.blocks = {row["id"]: (row["starts_at"], row["ends_at"]) for row in blocks}
    doctor.days = {row["day"]: () if row["off"] else WEEK for row in await db.fetch(DAYS_SET, doctor.id)}
    doctor.week = WEEK if (await db.fetchval(WEEK_SET, doctor.id)).startswith("08:00") else OTHER_WEEK


MUST_SUCCEED = {"reserve: done", "capture: confirmed", "move: done", "cancel: done", "join: done"}
"""At least once each, or the race was none."""


async def test_every_command_at_once_leaves_time_and_visits_whole(databases: Databases) -> None:
    done = await race(databases, workers=12, commands=20, seed=1)
    assert done.keys() >= MUST_SUCCEED


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 800, 100))
async def test_every_command_at_once_for_long(databases: Databases, seed: int) -> None:
    done = await race(databases, workers=24, commands=100, seed=seed)
    assert done.keys() >= MUST_SUCCEED
