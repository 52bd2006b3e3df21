"""Time passes, and what runs on its own."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.integration.appointments.course import ANY, Course
from tests.integration.appointments.practice import DAYS_AHEAD
from tests.integration.appointments.reckoning import MINUTE


class Time(Course):
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
