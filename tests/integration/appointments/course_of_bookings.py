"""Patients reserve, pay, cancel and move; visits take place or do not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.integration.appointments import practice as p
from tests.integration.appointments.course import ANY
from tests.integration.appointments.course_of_time import Time
from tests.integration.appointments.model_clinic import Visit
from tests.integration.appointments.practice import payment_of

TYPES = ("AUDIO", "IN_PERSON", "VIDEO")


class Bookings(Time):
    # Reserved, and paid for

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

    # And then

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
