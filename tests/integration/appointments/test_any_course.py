"""Whatever patients, doctors, payments and time do, in any order: each command is refused or carried out as the
model foretells, and the database holds after every step what the model holds, slot for slot and visit for visit.
"""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize

from niyat.kernel.db import Database
from niyat.kernel.ids import new_id
from tests.integration.appointments import practice as p
from tests.integration.appointments.course import ANY, START
from tests.integration.appointments.course_of_bookings import Bookings
from tests.integration.appointments.course_of_schedules import OFFERS, WEEKS, Schedules
from tests.integration.appointments.course_of_the_waitlist import Line
from tests.integration.appointments.model_schedule import Hours, Schedule, Terms
from tests.integration.appointments.practice import Practice
from tests.support.postgres import Databases
from tests.support.properties import any_course

ZONES = ("Europe/London", "Asia/Kolkata")
PAID_OR_LAPSED = {("reserved", "pending-payment"), ("pending-payment", "confirmed"), ("reserved", "expired")}
"""Without these, courses of events were none."""


class Events(Bookings, Line, Schedules):
    """All that may happen, from a clinic of two doctors on."""

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


async def walked(databases: Databases, *, count: int, steps: int) -> set[tuple[str, str]]:
    """What became of visits; whatever should not have fails here, at the step after which it was so."""
    db = await Database.connect(databases.url("appointments"), max_connections=4)
    practice = await Practice.open(db, databases)
    found: set[tuple[str, str]] = set()
    here = {"practice": practice, "loop": asyncio.get_running_loop(), "walked": found}
    try:
        await any_course(type("CourseHere", (Events,), here), count=count, steps=steps)
    finally:
        await practice.close()
        await db.close()
    return found


async def test_any_course_of_events_goes_as_foretold(databases: Databases) -> None:
    assert await walked(databases, count=10, steps=30) >= PAID_OR_LAPSED


@pytest.mark.long
async def test_many_courses_of_events_go_as_foretold(databases: Databases) -> None:
    ended = {("pending-payment", "cancelled"), ("confirmed", "cancelled"), ("confirmed", "no-show")}
    assert await walked(databases, count=300, steps=60) >= PAID_OR_LAPSED | ended
