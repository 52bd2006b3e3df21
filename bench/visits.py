"""Visits that are cancelled and moved while their reminders are delivered: one truth in memory that the processes
share, and what the processes saw of it.

A visit is a number; its id ends in it. Those with an odd number are moved, the others cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.shared_memory import SharedMemory
from uuid import UUID

from niyat.events.catalogue import AppointmentCancelled, AppointmentRescheduled
from niyat.kernel.db import Database
from niyat.kernel.ids import new_id
from niyat.notifications.consumers import on_cancelled, on_rescheduled
from niyat.notifications.ports import AppointmentView, DoctorDay, Found

LENGTH = timedelta(minutes=30)
AHEAD = timedelta(days=1)
ZONE = "Asia/Kolkata"
CHANGING = -1.0
"""It has changed, and the time at which it did is not written down yet."""


@dataclass(frozen=True)
class Named:
    """Where the truth lies, and of which visits: what a process needs to look at it."""

    memory: str
    first: UUID
    many: int
    workers: int
    starts_at: datetime


class Visits:
    """When each visit changed, on the monotonic clock that all processes share (0.0: it stands as it was booked),
    and how many messages each worker has handed over."""

    def __init__(self, named: Named, memory: SharedMemory) -> None:
        self.named = named
        self._memory = memory
        self._doubles = memoryview(memory.buf or b"").cast("d")

    @classmethod
    @contextlib.contextmanager
    def made(cls, many: int, workers: int) -> Iterator[Visits]:
        """So many new ones, for as long as the block lasts."""
        memory = SharedMemory(create=True, size=8 * (many + workers))
        first = UUID(int=new_id().int >> 32 << 32)
        visits = cls(Named(memory.name, first, many, workers, datetime.now(UTC) + AHEAD), memory)
        visits._doubles[:] = memoryview(bytes(8 * (many + workers))).cast("d")
        try:
            yield visits
        finally:
            visits.close()
            memory.unlink()

    @classmethod
    def seen(cls, named: Named) -> Visits:
        """Those that another process made."""
        return cls(named, SharedMemory(named.memory))

    def close(self) -> None:
        self._doubles.release()
        self._memory.close()

    @property
    def ids(self) -> list[UUID]:
        return [UUID(int=self.named.first.int + number) for number in range(self.named.many)]

    def changed_at(self, visit: UUID) -> float:
        """0.0: it has not; CHANGING: nobody can say."""
        return self._doubles[visit.int - self.named.first.int]

    def change(self, visit: UUID) -> None:
        """From before the time that `changed_at` says."""
        number = visit.int - self.named.first.int
        self._doubles[number] = CHANGING
        self._doubles[number] = time.monotonic()

    def handed_over(self, worker: int) -> None:
        """One more by this worker."""
        self._doubles[self.named.many + worker] += 1

    @property
    def left(self) -> int:
        """Messages that all workers handed over."""
        return int(sum(self._doubles[self.named.many :]))

    def look(self, visit: UUID) -> AppointmentView:
        """As it stands now."""
        changed, moves = self.changed_at(visit) != 0.0, visit.int % 2 == 1
        starts_at = self.named.starts_at + (LENGTH if changed and moves else timedelta())
        return AppointmentView(
            appointment_id=visit,
            patient_id=visit,
            status="cancelled" if changed and not moves else "confirmed",
            revision=int(changed and moves),
            starts_at=starts_at,
            ends_at=starts_at + LENGTH,
            time_zone=ZONE,
            consultation_type="VIDEO",
            doctor_name="Dr Meera Rao",
            clinic_name="Clinic",
        )


class Appointments:
    """The service that is asked, by one worker. It remembers when it was asked last of each."""

    def __init__(self, visits: Visits) -> None:
        self._visits = visits
        self.asked_at: dict[UUID, float] = {}

    async def find_many(self, appointment_ids: Collection[UUID]) -> Found[AppointmentView]:
        self.asked_at |= dict.fromkeys(appointment_ids, time.monotonic())
        return Found({each: self._visits.look(each) for each in appointment_ids})

    async def day_of(self, doctor_id: UUID, starts_at: datetime, ends_at: datetime) -> DoctorDay:
        raise NotImplementedError

    async def account_of(self, doctor_id: UUID) -> UUID:
        raise NotImplementedError


async def change(
    db: Database, visits: Visits, messages: int, share: float, over: asyncio.Event
) -> list[UUID]:
    """Cancel or move this share of the visits, in no order, evenly as `messages` leave or until it is over; which.

    First it is so, then its event is handled, as the consumer does it.
    """
    wanted = random.sample(visits.ids, int(visits.named.many * share))
    for number, visit in enumerate(wanted):
        while visits.left * len(wanted) < number * messages:
            if over.is_set():
                return wanted[:number]
            await asyncio.sleep(0.005)
        visits.change(visit)
        await (_move if visit.int % 2 else _cancel)(db, visits.look(visit), visits.named.starts_at)
    return wanted


async def _move(db: Database, visit: AppointmentView, before: datetime) -> None:
    event = AppointmentRescheduled(
        **_facts(visit),
        previous_starts_at=before,
        previous_ends_at=before + LENGTH,
        rescheduled_by="patient",
        reason_code="changed-plans",
        amount=0,
        amount_owed_back=0,
        currency="INR",
        payment_id=None,
    )
    await db.run(on_rescheduled, event)


async def _cancel(db: Database, visit: AppointmentView, _: datetime) -> None:
    event = AppointmentCancelled(
        **_facts(visit),
        cancelled_by="patient",
        reason_code="changed-plans",
        amount=0,
        amount_owed_back=0,
        currency="INR",
        payment_id=None,
        was_confirmed=True,
    )
    await db.run(on_cancelled, event)


def _facts(visit: AppointmentView) -> dict[str, object]:
    return {
        "occurred_at": datetime.now(UTC),
        "appointment_id": visit.appointment_id,
        "doctor_id": visit.appointment_id,
        "patient_id": visit.patient_id,
        "revision": visit.revision,
        "status": visit.status,
        "starts_at": visit.starts_at,
        "ends_at": visit.ends_at,
        "time_zone": visit.time_zone,
        "consultation_type": visit.consultation_type,
    }
