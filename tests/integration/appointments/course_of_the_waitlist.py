"""Patients wait in line, and leave it."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.integration.appointments import practice as p
from tests.integration.appointments.course import ANY, Course
from tests.integration.appointments.course_of_bookings import TYPES


class Line(Course):
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
