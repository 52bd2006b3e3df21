"""Doctors' schedules change, and what is booked in the way is cancelled or moved."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from niyat.appointments.commands.settle import Outcome
from niyat.kernel.ids import new_id
from tests.integration.appointments import practice as p
from tests.integration.appointments.course import ANY, Course
from tests.integration.appointments.model_clinic import Clinic, Visit
from tests.integration.appointments.model_schedule import Hours, Schedule, Terms
from tests.integration.appointments.practice import refusal
from tests.integration.appointments.reckoning import MINUTE

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
FATES = ("unnamed", "cancelled", "moved")


class Schedules(Course):
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

    def somewhen(self, which: int) -> tuple[Schedule, datetime]:
        """Some doctor, and a moment of theirs: when a visit begins, mostly."""
        live = [visit for visit in self.model.visits.values() if visit.live]
        if live and which % 4:
            visit = live[which // 4 % len(live)]
            return visit.doctor, visit.span[0]
        return self.doctor(which), self.model.now + which * 3 * MINUTE

    def somebody_waits(self, doctor: Schedule) -> bool:
        return any(
            entry["doctor_id"] == doctor.id and entry["status"] == "waiting" for entry in self.line.values()
        )
