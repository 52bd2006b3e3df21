"""Who may not have heard of a move is told of it together with what came after it, and nobody is told a sum twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from niyat.events.catalogue import Event
from niyat.kernel.local_time import local_time
from niyat.notifications.commands.claim import LEASE_SECONDS, Lane, claim_due
from niyat.notifications.commands.deliver import deliver_due
from niyat.notifications.errors import DeliveryRefused, DeliveryUnknown
from niyat.notifications.ports import Account, EmailProvider, Mail, Receipt
from tests.support.notifications import World
from tests.support.notifications_visits import Visit, cancelled, confirmed, rescheduled

ZONE = "Asia/Kolkata"


@dataclass(frozen=True)
class Times:
    """When a visit is at first, after one move and after two."""

    first: datetime
    second: datetime
    third: datetime


async def known_visit(world: World) -> tuple[Visit, Times]:
    """Its patient, who has no number, was told of it, and its doctor has a mail address."""
    visit = await world.visit(phone=None)
    await world.events(confirmed(visit))
    await world.deliver()
    world.accounts.known[visit.doctor_account_id] = Account(
        account_id=visit.doctor_account_id, email=f"{uuid4().hex}@doctor.example"
    )
    return visit, Times(visit.starts_at, *(visit.starts_at + timedelta(hours=hours) for hours in (5, 10)))


async def doctors_mails(world: World, visit: Visit) -> list[str]:
    email = world.accounts.known[visit.doctor_account_id].email
    assert email
    return [mail["text"] for mail in reversed(await world.sandbox.mails(email))]


async def patients_mails(world: World, visit: Visit) -> list[str]:
    """Oldest first, after the confirmation."""
    return [mail["text"] for mail in reversed(await world.sandbox.mails(visit.email))][1:]


def says(text: str, *times: datetime) -> list[bool]:
    return [local_time(at, ZONE) in text for at in times]


def move(
    world: World, visit: Visit, revision: int, before: datetime, after: datetime, by: str = "patient"
) -> Event:
    """The visit is there from now on; its event."""
    world.appointments.change(visit.appointment_id, revision=revision, starts_at=after)
    event = rescheduled(visit, after, revision, before=before)
    return event.model_copy(update={"rescheduled_by": by, "doctor_account_id": visit.doctor_account_id})


def cancel(world: World, visit: Visit, revision: int, at: datetime) -> Event:
    world.appointments.change(visit.appointment_id, status="cancelled")
    return cancelled(
        visit,
        revision=revision,
        starts_at=at,
        ends_at=at + timedelta(minutes=30),
        doctor_account_id=visit.doctor_account_id,
    )


async def its_sender_died(world: World, visit: Visit) -> None:
    claimed = await world.db.run(claim_due, Lane.EMAIL, mail_domain="clinic.example", limit=10)
    assert {each.appointment_id for each in claimed} == {visit.appointment_id}


@dataclass(frozen=True)
class Failing:
    """A mail server that answers every mail with this."""

    error: Exception

    async def send(self, _: Mail) -> Receipt:
        raise self.error


async def nobody_knows_whether_it_arrived(world: World, visit: Visit) -> None:
    await deliver_due(replace(world.parts, email=Failing(DeliveryUnknown("timeout"))))
    assert len(await world.queue(visit, last_error="timeout")) == 2


async def it_was_refused(world: World, visit: Visit) -> None:
    await deliver_due(replace(world.parts, email=Failing(DeliveryRefused("smtp-552"))))
    assert len(await world.queue(visit, status="failed")) == 2


async def all_is_over(world: World) -> None:
    """Leases lapse, and whatever waited for its turn has it."""
    await world.deliver()
    await world.move(timedelta(seconds=LEASE_SECONDS))
    await world.deliver()
    await world.move(timedelta(minutes=1))
    await world.deliver()


BECAME = [its_sender_died, nobody_knows_whether_it_arrived, it_was_refused]
Became = Callable[[World, Visit], Awaitable[None]]


@pytest.mark.parametrize("became", BECAME)
async def test_two_moves_are_told_as_one_to_whom_the_first_may_not_have_reached(
    world: World, became: Became
) -> None:
    visit, at = await known_visit(world)
    await world.events(move(world, visit, 1, at.first, at.second))
    await became(world, visit)
    await world.events(move(world, visit, 2, at.second, at.third))
    await all_is_over(world)
    (patients,), (doctors,) = await patients_mails(world, visit), await doctors_mails(world, visit)
    assert says(patients, at.first, at.second, at.third) == [True, False, True]
    assert says(doctors, at.first, at.second, at.third) == [True, False, True]
    assert "₹400.00 goes back" in patients


@pytest.mark.parametrize("became", BECAME)
async def test_a_cancellation_names_the_time_that_is_known_and_all_that_goes_back(
    world: World, became: Became
) -> None:
    visit, at = await known_visit(world)
    await world.events(move(world, visit, 1, at.first, at.second))
    await became(world, visit)
    await world.events(cancel(world, visit, 1, at.second))
    await all_is_over(world)
    (patients,), (doctors,) = await patients_mails(world, visit), await doctors_mails(world, visit)
    assert says(patients, at.first, at.second) == [True, True]
    assert says(doctors, at.first, at.second) == [True, True]
    assert "₹450.00 of what you paid goes back" in patients


@dataclass
class Meanwhile:
    """A mail server to which this happens while it takes the first mail."""

    server: EmailProvider
    happens: Callable[[], Awaitable[None]]
    happened: bool = False

    async def send(self, mail: Mail) -> Receipt:
        if not self.happened:
            self.happened = True
            await self.happens()
        return await self.server.send(mail)


async def test_a_move_that_arrived_while_the_next_came_is_not_told_again(world: World) -> None:
    visit, at = await known_visit(world)
    await world.events(move(world, visit, 1, at.first, at.second, by="doctor"))

    async def moves_again() -> None:
        await world.events(move(world, visit, 2, at.second, at.third, by="doctor"))

    await deliver_due(replace(world.parts, email=Meanwhile(world.parts.email, moves_again)))
    await all_is_over(world)
    first, second = await patients_mails(world, visit)
    assert says(first, at.first, at.second, at.third) == [True, True, False]
    assert says(second, at.first, at.second, at.third) == [False, True, True]
    assert "₹200.00 goes back" in second


async def test_what_a_doctor_is_told_does_not_overtake_what_is_on_its_way(world: World) -> None:
    visit, at = await known_visit(world)
    await world.events(move(world, visit, 1, at.first, at.second))
    await world.db.run(claim_due, Lane.EMAIL, mail_domain="clinic.example", limit=10)  # another worker has it
    await world.events(cancel(world, visit, 1, at.second))
    await world.deliver()
    (row,) = await world.queue(visit, type="SCHEDULE_CHANGED", status="queued")
    assert row["last_error"] == "another-is-on-its-way"
    await all_is_over(world)


async def test_a_doctor_knows_the_time_to_which_they_moved_it_themselves(world: World) -> None:
    visit, at = await known_visit(world)
    await world.events(
        move(world, visit, 1, at.first, at.second), move(world, visit, 2, at.second, at.third, by="doctor")
    )
    await world.events(cancel(world, visit, 2, at.third))
    await world.deliver()
    (patients,), (doctors,) = await patients_mails(world, visit), await doctors_mails(world, visit)
    assert says(patients, at.first, at.second, at.third) == [True, False, True]
    assert says(doctors, at.first, at.second, at.third) == [False, False, True]


async def test_a_cancellation_that_comes_twice_is_told_to_the_doctor_all_the_same(world: World) -> None:
    visit, at = await known_visit(world)
    for _ in range(2):
        await world.events(cancel(world, visit, 0, at.first))
    await world.deliver()
    (doctors,) = await doctors_mails(world, visit)
    assert says(doctors, at.first) == [True]
