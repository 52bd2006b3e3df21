"""Whatever patients, doctors, payments and time do, in any order: each command is refused or carried out as the
model foretells, and the database holds after every step what the model holds, slot for slot and visit for visit.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from niyat.appointments.commands.settle import Outcome
from niyat.appointments.domain import TRANSITIONS
from niyat.kernel.db import Database, Row
from niyat.kernel.ids import new_id
from tests.integration.appointments import practice as p
from tests.integration.appointments.model_clinic import Clinic, Visit
from tests.integration.appointments.model_schedule import Hours, Schedule, Span, Terms
from tests.integration.appointments.practice import DAYS_AHEAD, Held, Practice, payment_of, refusal
from tests.integration.appointments.reckoning import MINUTE
from tests.support.postgres import Databases
from tests.support.properties import any_course

T = TypeVar("T")
START = datetime(2027, 3, 27, 7, tzinfo=UTC)  # London's clocks go forward the next night
ZONES = ("Europe/London", "Asia/Kolkata")

OFFERS = (
    {
        "AUDIO": Terms(30, fee=0),
        "IN_PERSON": Terms(45, before=5, after=10, fee=80_000),
        "VIDEO": Terms(30),
    },
    {
        "AUDIO": Terms(20, fee=0, advance=1),
        "VIDEO": Terms(40, after=10, fee=30_000, notice=60),
    },
    {
        "AUDIO": Terms(30, fee=0),
        "VIDEO": Terms(30, fee=60_000),
    },
)
WEEKS = (
    (Hours(540, 720), Hours(840, 930, ("VIDEO",))),
    (Hours(0, 150), Hours(450, 600, ("AUDIO",)), Hours(1320, 1440)),
    (Hours(480, 690),),
)
DAYS = ((), (Hours(540, 720, ("AUDIO",)),), (Hours(420, 630, ("AUDIO", "VIDEO")), Hours(630, 720)))
TYPES = ("AUDIO", "IN_PERSON", "VIDEO")

ANY = st.integers(0, 999)
FATES = ("unnamed", "cancelled", "moved")


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

    @initialize(
        offers=st.tuples(*[st.sampled_from(OFFERS)] * 2),
        weeks=st.tuples(*[st.sampled_from(WEEKS)] * 2),
        bookings=st.lists(st.tuples(ANY, ANY, ANY), max_size=4),
        lapse=st.booleans(),
    )
    def open(
        self,
        offers: tuple[dict[str, Terms], ...],
        weeks: tuple[tuple[Hours, ...], ...],
        bookings: list[tuple[int, int, int]],
        lapse: bool,
    ) -> None:
        """With some visits already, and perhaps one whose hold has lapsed."""
        self.do(self.practice.begin(START))
        clinic_id = self.do(self.practice.add_clinic())
        for zone, offer, week in zip(ZONES, offers, weeks, strict=True):
            account_id = new_id()
            doctor_id = self.do(self.practice.add_doctor(clinic_id, account_id, zone, offer))
            doctor = Schedule(doctor_id, account_id, zone, offer, week)
            self.do(self.practice.set_week(doctor_id, p.ADMIN, week))
            self.model.doctors.append(doctor)
            self.model.replan(doctor)
        self.the_database_holds_what_the_model_holds()
        for booking in bookings:
            self.book(*booking)
        if lapse:
            self.let_lapse(len(bookings), 0)

    # Time, and what runs on its own

    @rule(minutes=st.sampled_from((1, 4, 5, 30, 60, 180, 660, 1440)))
    def time_passes(self, minutes: int) -> None:
        self.model.now += minutes * MINUTE
        self.do(self.practice.stand_still(self.model.now))

    @precondition(lambda self: any(visit.live for visit in self.model.visits.values()))
    @rule(which=ANY, minutes=st.sampled_from((-1, 0, 10, 60)))
    def the_time_of_a_visit_comes(self, which: int, minutes: int) -> None:
        moment = self.visit(which).span[0] + minutes * MINUTE
        self.model.now = max(moment, self.model.now)
        self.do(self.practice.stand_still(self.model.now))

    @rule()
    def holds_lapse(self) -> None:
        self.do(self.practice.expire())
        self.model.expire()

    @rule()
    def the_night_comes(self) -> None:
        self.do(self.practice.generate())
        for doctor in self.model.doctors:
            doctor.extend(self.model.now, DAYS_AHEAD)

    @rule(which=ANY)
    def plan_anew(self, which: int) -> None:
        doctor = self.doctor(which)
        self.do(self.practice.replan(doctor.id))
        self.model.replan(doctor)
        assert self.do(self.practice.replan(doctor.id)) == 0

    # Patients and payments

    @rule(which=ANY, any_kind=st.none() | st.sampled_from(TYPES), who=ANY)
    def reserve(self, which: int, any_kind: str | None, who: int) -> None:
        doctor, span, slot_id = self.slot(which)
        kind = any_kind or sorted(doctor.slots[span].kinds)[-1]
        patient = self.patients[who % 3]
        foretold = self.model.why_not_reserve(doctor, span, kind)
        made: list[UUID] = []

        async def reserve() -> None:
            made.append(await self.practice.reserve(slot_id, patient, kind))

        if self.expect(foretold, reserve()):
            self.model.reserved(made[0], doctor, span, kind, patient)

    @rule(which=ANY, who=ANY)
    def let_lapse(self, which: int, who: int) -> None:
        """Reserve, do no more, and be too late."""
        before = len(self.model.visits)
        self.reserve(which, None, who)
        if len(self.model.visits) > before:
            self.time_passes(5)
            self.holds_lapse()

    @rule(which=ANY, kind=ANY, who=ANY)
    def book(self, which: int, kind: int, who: int) -> None:
        """All the way, of what is listed."""
        doctor = self.doctor(which)
        bookable = self.model.bookable(doctor)
        if not bookable:
            return
        span = sorted(bookable)[which // 2 % len(bookable) % 12]
        as_kind = bookable[span][kind % len(bookable[span])]
        patient = self.patients[who % 3]
        visit_id = self.do(self.practice.reserve(self.slot_ids[doctor.id, span], patient, as_kind))
        visit = self.model.reserved(visit_id, doctor, span, as_kind, patient)
        if not visit.price:
            self.do(self.practice.confirm(visit_id, p.patient(patient)))
            visit.become("confirmed")
            return
        for outcome in (self._secure(visit, 0, right=True), self._capture(visit, 0, right=True)):
            assert outcome in ("secured", "confirmed")

    @precondition(lambda self: self.model.visits)
    @rule(which=ANY)
    def start_payment(self, which: int) -> None:
        visit = self.visit(which)
        foretold = self.model.why_not_pay(visit)
        started = self.expect(foretold, self.practice.start_payment(visit.id, visit.patient))
        if started and visit.status == "reserved":
            visit.become("pending-payment")

    @precondition(lambda self: self.model.visits)
    @rule(
        which=ANY,
        payment=st.sampled_from((0, 0, 0, 1)),
        right=st.sampled_from((True, True, True, False)),
        late=ANY,
    )
    def secure(self, which: int, payment: int, right: bool, late: int) -> None:
        self._secure(self.visit(which), payment, right=right, late=late % 4 == 3)

    def _secure(self, visit: Visit, payment: int, *, right: bool, late: bool = False) -> str:
        amount = visit.quoted if right and visit.quoted else visit.quoted + 1
        number = max(self.numbers.get(visit.id, 1) - late, 0)
        paid_by = payment_of(visit.id, payment)
        foretold = self.model.secure(visit, paid_by, amount, number)
        assert self.do(self.practice.secure(visit.id, paid_by, amount, number)) == foretold
        return foretold

    @precondition(lambda self: self.model.visits)
    @rule(which=ANY, payment=st.sampled_from((0, 0, 1)), late=st.booleans())
    def release(self, which: int, payment: int, late: bool) -> None:
        """Payments counts on with each release; a release may come twice, late."""
        visit = self.visit(which)
        number = self.numbers.get(visit.id, 1)
        paid_by = payment_of(visit.id, payment)
        if not late:
            self.numbers[visit.id] = number + 1
        number = max(number - late, 0)
        self.do(self.practice.release(visit.id, paid_by, number))
        self.model.release(visit, paid_by, number)

    @precondition(lambda self: self.model.visits)
    @rule(which=ANY, payment=st.sampled_from((0, 0, 0, 1)), right=st.sampled_from((True, True, True, False)))
    def capture(self, which: int, payment: int, right: bool) -> None:
        self._capture(self.visit(which), payment, right=right)

    def _capture(self, visit: Visit, payment: int, *, right: bool) -> str:
        amount = visit.quoted if right else visit.quoted + 1
        paid_by = payment_of(visit.id, payment)
        foretold = self.model.capture(visit, paid_by, amount)
        assert self.do(self.practice.capture(visit.id, paid_by, amount)) == foretold
        return foretold[0]

    @precondition(lambda self: self.model.visits)
    @rule(which=ANY)
    def confirm_free(self, which: int) -> None:
        visit = self.visit(which)
        done = visit.status == "confirmed"
        foretold = None if done else self.model.why_not_confirm(visit)
        if self.expect(foretold, self.practice.confirm(visit.id, p.patient(visit.patient))) and not done:
            visit.become("confirmed")

    @precondition(lambda self: self.model.visits)
    @rule(which=ANY, role=st.sampled_from(("patient", "doctor", "admin")))
    def cancel(self, which: int, role: str) -> None:
        visit = self.visit(which)
        foretold = self.model.why_not_cancel(visit, role)
        if self.expect(foretold, self.practice.cancel(visit.id, self.principal(visit, role))):
            self.model.cancel(visit, role)

    @precondition(lambda self: self.model.visits)
    @rule(
        which=ANY,
        where=ANY,
        kind=st.sampled_from(TYPES),
        role=st.sampled_from(("patient", "doctor", "admin")),
    )
    def move(self, which: int, where: int, kind: str, role: str) -> None:
        visit = self.visit(which)
        doctor, span, slot_id = self.slot(where)
        stays = (doctor.id, span, kind) == (visit.doctor.id, visit.slot, visit.kind)
        foretold = self.model.why_not_movable(visit)
        if foretold is None and doctor is not visit.doctor:
            foretold = "slot-not-found"
        if foretold is None and not stays:
            foretold = self.model.why_not_move(visit, span, kind, role)
        command = self.practice.move(visit.id, self.principal(visit, role), slot_id, kind)
        if self.expect(foretold, command) and not stays:
            self.model.move(visit, span, kind, role)

    @precondition(lambda self: self.model.visits)
    @rule(which=ANY)
    def complete(self, which: int) -> None:
        visit = self.visit(which)
        done = visit.status == "completed"
        foretold = None if done else self.model.why_not_over(visit)
        if (
            self.expect(foretold, self.practice.complete(visit.id, self.principal(visit, "doctor")))
            and not done
        ):
            visit.become("completed")

    @precondition(lambda self: self.model.visits)
    @rule(which=ANY, party=st.sampled_from(("patient", "doctor")))
    def no_show(self, which: int, party: Any) -> None:
        visit = self.visit(which)
        done = visit.status == "no-show" and (visit.owed_back == 0) == (party == "patient")
        if visit.status == "no-show" and not visit.price:
            return  # nothing goes back either way, and the model does not keep whose it was
        foretold = None if done else self.model.why_not_over(visit)
        command = self.practice.no_show(visit.id, self.principal(visit, "doctor"), party)
        if self.expect(foretold, command) and not done:
            visit.owed_back = visit.price if party == "doctor" else 0
            visit.become("no-show")

    # The waitlist

    @rule(which=ANY, who=ANY, kind=st.none() | st.sampled_from(TYPES))
    def join(self, which: int, who: int, kind: str | None) -> None:
        doctor, patient = self.doctor(which), self.patients[who % 3]
        stands = [e for e in self.line.values() if (e["doctor_id"], e["patient_id"]) == (doctor.id, patient)]
        foretold = None
        if kind and kind not in doctor.offer:
            foretold = "consultation-type-not-offered"
        elif any(entry["status"] in ("waiting", "offered") for entry in stands):
            foretold = "already-on-waitlist"
        self.expect(foretold, self.practice.join(doctor.id, patient, kind))

    @precondition(lambda self: self.line)
    @rule(which=ANY)
    def leave(self, which: int) -> None:
        entry = list(self.line.values())[which % len(self.line)]
        foretold = "not-on-waitlist" if entry["status"] in ("booked", "closed") else None
        self.expect(foretold, self.practice.leave(entry["id"], p.patient(entry["patient_id"])))
        if entry["status"] == "offered":
            self.model.cancel(self.model.visits[entry["appointment_id"]], "patient")

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

    # The doctors' schedules

    @rule(
        which=ANY,
        offset=st.integers(-50, 50),
        minutes=st.sampled_from((10, 60, 300)),
        fate=st.sampled_from(FATES),
        to=ANY,
    )
    def block(self, which: int, offset: int, minutes: int, fate: str, to: int) -> None:
        doctor, when = self.somewhen(which)
        block_id = new_id()
        begin = when + offset * MINUTE
        span = begin, begin + minutes * MINUTE

        def change(model: Clinic, its: Schedule) -> list[Visit]:
            its.blocks[block_id] = span
            model.replan(its)
            return model.hit_by_block(its, span)

        who = p.doctor(doctor.account_id)
        self.settle(
            doctor, change, fate, to, lambda named: self.practice.block(block_id, doctor.id, who, span, named)
        )

    @precondition(lambda self: any(doctor.blocks for doctor in self.model.doctors))
    @rule(which=ANY)
    def lift(self, which: int) -> None:
        all_blocks = [(doctor, block_id) for doctor in self.model.doctors for block_id in doctor.blocks]
        doctor, block_id = all_blocks[which % len(all_blocks)]
        self.do(self.practice.lift(block_id, p.ADMIN))
        del doctor.blocks[block_id]
        self.model.replan(doctor)

    @rule(which=ANY, hours=st.sampled_from(DAYS), fate=st.sampled_from(FATES), to=ANY)
    def override(self, which: int, hours: tuple[Hours, ...], fate: str, to: int) -> None:
        doctor, when = self.somewhen(which)
        day = max(doctor.local(when).date(), doctor.local(self.model.now).date())

        def change(model: Clinic, its: Schedule) -> list[Visit]:
            its.days[day] = hours
            model.replan(its)
            return model.hit_by_hours(its, [day])

        who = p.doctor(doctor.account_id)
        self.settle(
            doctor, change, fate, to, lambda named: self.practice.set_day(doctor.id, who, day, hours, named)
        )

    @precondition(lambda self: any(doctor.days for doctor in self.model.doctors))
    @rule(which=ANY, fate=st.sampled_from(FATES), to=ANY)
    def remove_override(self, which: int, fate: str, to: int) -> None:
        all_days = [(doctor, day) for doctor in self.model.doctors for day in doctor.days]
        doctor, day = all_days[which % len(all_days)]

        def change(model: Clinic, its: Schedule) -> list[Visit]:
            del its.days[day]
            model.replan(its)
            return model.hit_by_hours(its, [day])

        who = p.doctor(doctor.account_id)
        self.settle(
            doctor, change, fate, to, lambda named: self.practice.reset_day(doctor.id, who, day, named)
        )

    @rule(which=ANY, week=st.sampled_from(WEEKS))
    def set_week(self, which: int, week: tuple[Hours, ...]) -> None:
        doctor = self.doctor(which)
        self.do(self.practice.set_week(doctor.id, p.ADMIN, week))
        doctor.week = week
        self.model.replan(doctor)

    @rule(which=ANY, offer=st.sampled_from(OFFERS))
    def change_offer(self, which: int, offer: dict[str, Terms]) -> None:
        doctor = self.doctor(which)
        self.do(self.practice.set_offer(doctor.id, p.ADMIN, offer))
        doctor.offer = offer
        self.model.replan(doctor)

    def settle(
        self,
        doctor: Schedule,
        change: Callable[[Clinic, Schedule], list[Visit]],
        fate: str,
        to: int,
        command: Callable[[list[Outcome]], Awaitable[object]],
    ) -> None:
        """A change, tried on a copy of the model, which is kept if the change is carried out. Visits in the way
        that stand are not named, or all cancelled, or all but the first, which moves.
        """
        after = copy.deepcopy(self.model)
        its = next(each for each in after.doctors if each.id == doctor.id)
        hits = change(after, its)
        named = [] if fate == "unnamed" else [v for v in hits if v.status == "confirmed" or v.secured_by]
        foretold = None
        if fate == "unnamed" and any(v.status == "confirmed" or v.secured_by for v in hits):
            foretold = "bookings-in-the-way"
        moves = {}
        if fate == "moved" and named:
            _, span, slot_id = self.slot(to * 2 + self.model.doctors.index(doctor))
            moves = {named[0].id: (span, slot_id)}
        for visit in [v for v in hits if v.id not in moves]:
            after.cancel(visit, "doctor")
        for visit in [v for v in hits if v.id in moves]:
            span, _ = moves[visit.id]
            if span == visit.slot:
                foretold = "slot-blocked"
            else:
                foretold = after.why_not_movable(visit) or after.why_not_move(
                    visit, span, visit.kind, "doctor"
                )
            if foretold is None:
                after.move(visit, span, visit.kind, "doctor")
        outcomes = [Outcome(v.id, moves[v.id][1] if v.id in moves else None) for v in named]
        refused = self.do(refusal(command(outcomes)))
        if refused == "slot-taken" and self.somebody_waits(doctor):
            return  # where a visit would move to was offered to the line first
        assert refused == foretold
        if refused is None:
            self.model = after

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

    def somebody_waits(self, doctor: Schedule) -> bool:
        return any(
            entry["doctor_id"] == doctor.id and entry["status"] == "waiting" for entry in self.line.values()
        )

    def somewhen(self, which: int) -> tuple[Schedule, datetime]:
        """Some doctor, and a moment of theirs: when a visit begins, mostly."""
        live = [visit for visit in self.model.visits.values() if visit.live]
        if live and which % 4:
            visit = live[which // 4 % len(live)]
            return visit.doctor, visit.span[0]
        return self.doctor(which), self.model.now + which * 3 * MINUTE

    def principal(self, visit: Visit, role: str) -> Any:
        if role == "patient":
            return p.patient(visit.patient)
        return p.doctor(visit.doctor.account_id) if role == "doctor" else p.ADMIN


async def walked(databases: Databases, *, count: int, steps: int) -> set[tuple[str, str]]:
    """What became of visits; whatever should not have fails here, at the step after which it was so."""
    db = await Database.connect(databases.url("appointments"), max_connections=4)
    practice = await Practice.open(db, databases)
    found: set[tuple[str, str]] = set()
    here = {"practice": practice, "loop": asyncio.get_running_loop(), "walked": found}
    try:
        await any_course(type("CourseHere", (Course,), here), count=count, steps=steps)
    finally:
        await practice.close()
        await db.close()
    return found


async def test_any_course_of_events_goes_as_foretold(databases: Databases) -> None:
    found = await walked(databases, count=10, steps=30)
    paid_or_lapsed = {
        ("reserved", "pending-payment"),
        ("pending-payment", "confirmed"),
        ("reserved", "expired"),
    }
    assert found >= paid_or_lapsed, "else these courses were none"


@pytest.mark.long
async def test_many_courses_of_events_go_as_foretold(databases: Databases) -> None:
    assert await walked(databases, count=300, steps=60) == TRANSITIONS.keys()
