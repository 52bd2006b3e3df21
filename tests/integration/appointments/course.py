"""One course of events at a clinic, beside its model; what may happen is added by the other files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from niyat.appointments.domain import TRANSITIONS
from niyat.kernel.db import Row
from niyat.kernel.ids import new_id
from tests.integration.appointments import practice as p
from tests.integration.appointments.model_clinic import Clinic, Visit
from tests.integration.appointments.model_schedule import Schedule, Span
from tests.integration.appointments.practice import DAYS_AHEAD, Held, Practice, refusal
from tests.integration.appointments.reckoning import MINUTE

T = TypeVar("T")
START = datetime(2027, 3, 27, 7, tzinfo=UTC)  # London's clocks go forward the next night
ANY = st.integers(0, 999)


class Course(RuleBasedStateMachine):
    """One course of events at a clinic of two doctors. Rules run in a thread; what they await runs on the loop."""

    practice: Practice
    loop: asyncio.AbstractEventLoop
    walked: set[tuple[str, str]]
    """What became of visits in all courses so far: from which status into which."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Clinic(START, DAYS_AHEAD)
        self.slot_ids: dict[tuple[UUID, Span], UUID] = {}
        self.line: dict[UUID, Row] = {}
        self.numbers: dict[UUID, int] = {}  # how often payments let go of each visit, as payments count it
        self.patients = [new_id() for _ in range(3)]

    def do(self, command: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await command

        return asyncio.run_coroutine_threadsafe(awaited(), self.loop).result()

    def expect(self, foretold: str | None, command: Awaitable[object]) -> bool:
        """Whether the command was carried out; it must be refused as foretold, and only then."""
        assert self.do(refusal(command)) == foretold
        return foretold is None

    # What must hold

    @invariant()
    def the_database_holds_what_the_model_holds(self) -> None:
        if not self.model.doctors:
            return
        held = self.do(self.practice.held())
        assert held.broken == []
        self.adopt_offers(held)
        self.slot_ids = {
            (row["doctor_id"], (row["starts_at"], row["ends_at"])): row["id"] for row in held.slots
        }
        assert {
            (row["doctor_id"], row["starts_at"], row["ends_at"]): (
                row["status"],
                row["planned_as"],
                frozenset(row["consultation_types"]),
            )
            for row in held.slots
        } == {
            (doctor.id, *span): (self.model.slot_status(doctor, span), slot.planned_as, slot.kinds)
            for doctor in self.model.doctors
            for span, slot in doctor.slots.items()
        }
        times = {row["id"]: (row["starts_at"], row["ends_at"]) for row in held.slots}
        assert {
            row["id"]: (
                row["path"],
                (row["starts_at"], row["ends_at"]),
                (row["busy_from"], row["busy_until"]),
                times.get(row["slot_id"]),
                row["consultation_type"],
                row["secured_by"],
                row["price_amount"],
                row["amount_owed_back"],
                row["revision"],
            )
            for row in held.visits
        } == {
            v.id: (v.path, v.span, v.busy, v.slot, v.kind, v.secured_by, v.price, v.owed_back, v.revision)
            for v in self.model.visits.values()
        }
        self.walked.update(step for row in held.visits for step in pairwise(row["path"]))
        assert self.walked <= TRANSITIONS.keys()

    def adopt_offers(self, held: Held) -> None:
        """What came free may be reserved for somebody in line who wants it: as anybody might have reserved it."""
        for row in held.visits:
            if row["id"] in self.model.visits or row["waitlist_entry_id"] is None:
                continue
            entry, before = held.line[row["waitlist_entry_id"]], self.line[row["waitlist_entry_id"]]
            assert (before["status"], entry["status"]) in (("waiting", "offered"), ("offered", "offered"))
            assert (entry["appointment_id"], entry["patient_id"]) == (row["id"], row["patient_id"])
            assert entry["consultation_type"] in (None, row["consultation_type"])
            doctor = next(each for each in self.model.doctors if each.id == row["doctor_id"])
            span, kind = (row["starts_at"], row["ends_at"]), row["consultation_type"]
            assert self.model.why_not_reserve(doctor, span, kind) is None
            ahead = (span[0] - self.model.now) // MINUTE - doctor.offer[kind].notice
            minutes = min(30, ahead)
            assert minutes >= 10
            assert row["hold_expires_at"] == self.model.now + minutes * MINUTE
            self.model.reserved(row["id"], doctor, span, kind, row["patient_id"], minutes)
        self.line = held.line

    @invariant()
    def what_is_listed_is_what_can_be_reserved(self) -> None:
        for doctor in self.model.doctors:
            listed = self.do(self.practice.listed(doctor.id, self.model.now))
            assert listed == self.model.bookable(doctor)

    # Who and which: any number finds one

    def doctor(self, which: int) -> Schedule:
        return self.model.doctors[which % 2]

    def slot(self, which: int) -> tuple[Schedule, Span, UUID]:
        """A slot of the doctor that `which` means, mostly one that is to come."""
        doctor = self.doctor(which)
        spans = [span for span in sorted(doctor.slots) if which % 3 == 0 or span[0] >= self.model.now]
        spans = spans or sorted(doctor.slots)
        span = spans[which // 2 % len(spans) % 12]
        return doctor, span, self.slot_ids[doctor.id, span]

    def visit(self, which: int) -> Visit:
        """A visit, mostly a live one."""
        visits = list(self.model.visits.values())
        live = [visit for visit in visits if visit.live]
        those = live if live and which % 3 else visits
        return those[which // 3 % len(those)]

    def principal(self, visit: Visit, role: str) -> Any:
        if role == "patient":
            return p.patient(visit.patient)
        return p.doctor(visit.doctor.account_id) if role == "doctor" else p.ADMIN
