"""Many reminders are due at once, two workers send them, and visits are cancelled and moved meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from niyat.notifications.commands.deliver import deliver_due
from niyat.notifications.ports import AppointmentView, Found, Mail, Receipt
from tests.support.notifications import World
from tests.support.notifications_neighbours import FakeAppointments
from tests.support.notifications_visits import Visit

PLANNED = """
INSERT INTO scheduled_notifications
    (id, type, channel, account_id, appointment_id, revision, offset_minutes, dedupe_key, due_at, next_at, too_late_at)
SELECT uuidv7(), 'APPOINTMENT_REMINDER', 'EMAIL', v.account_id, v.appointment_id, r.revision, o.minutes,
       'reminder:' || v.appointment_id || ':' || r.revision || ':' || o.minutes || ':EMAIL',
       niyat_now() - interval '1 minute', niyat_now() - interval '1 minute', niyat_now() + interval '10 hours'
FROM unnest($1::uuid[], $2::uuid[]) AS v (account_id, appointment_id)
CROSS JOIN unnest(ARRAY[15, 60, 1440]) AS o (minutes) CROSS JOIN generate_series(0, $3) AS r (revision)
"""


@dataclass
class Course:
    """What happens while it drains: with every few messages that leave, one more visit is cancelled or moved."""

    known: dict[UUID, AppointmentView]
    visits: list[Visit]
    every: int
    moved_to: int
    changed: dict[UUID, float] = field(default_factory=dict)
    took: list[str] = field(default_factory=list)
    stale: list[UUID] = field(default_factory=list)

    def goes_on(self) -> None:
        number = len(self.changed)
        if len(self.took) % self.every or number == len(self.visits):
            return
        appointment_id = self.visits[number].appointment_id
        different = {"status": "cancelled"} if number % 2 else {"revision": self.moved_to}
        self.known[appointment_id] = self.known[appointment_id].model_copy(update=different)
        self.changed[appointment_id] = time.monotonic()


@dataclass
class Worker(FakeAppointments):
    """The appointments and the mail server of one worker. A message is stale when its visit had changed before the
    worker asked about it the last time.
    """

    course: Course = field(kw_only=True)
    by_address: dict[str, UUID] = field(kw_only=True)
    asked_at: dict[UUID, float] = field(default_factory=dict)

    async def find_many(self, appointment_ids: Collection[UUID]) -> Found[AppointmentView]:
        self.asked_at |= dict.fromkeys(appointment_ids, time.monotonic())
        return Found({each: self.course.known[each] for each in appointment_ids})

    async def send(self, mail: Mail) -> Receipt:
        await asyncio.sleep(0)
        about = self.by_address[mail.to]
        if self.course.changed.get(about, self.asked_at[about]) < self.asked_at[about]:
            self.course.stale.append(about)
        self.course.took.append(mail.message_id)
        self.course.goes_on()
        return Receipt("postbox", None)


async def drain(world: World, appointments: int, others: int) -> tuple[Counter[str], Course]:
    """`appointments` visits, three reminders of each of `others` + 1 revisions, of which the first stands."""
    visits = [await world.visit() for _ in range(appointments)]
    people, ids = [visit.patient_id for visit in visits], [visit.appointment_id for visit in visits]
    await world.db.execute(PLANNED, people, ids, others)
    course = Course(world.appointments.known, visits[::5], every=7, moved_to=others + 1)
    by_address = {visit.email: visit.appointment_id for visit in visits}
    workers = [Worker(course=course, by_address=by_address) for _ in range(2)]
    await asyncio.gather(
        *(deliver_due(replace(world.parts, appointments=each, email=each)) for each in workers)
    )
    rows = await world.db.fetch("SELECT status, revision, message_id FROM scheduled_notifications")
    sent = [row for row in rows if row["status"] == "sent"]
    assert sorted(course.took) == sorted(row["message_id"] for row in sent), "each once, and all are marked"
    assert {row["revision"] for row in sent} == {0}
    assert course.stale == []
    assert course.changed, "visits changed while it drained"
    return Counter(row["status"] for row in rows), course


@pytest.mark.failure_row(48)
async def test_none_is_doubled_and_none_is_stale_while_visits_change(world: World) -> None:
    ended, course = await drain(world, appointments=40, others=1)
    assert ended.keys() == {"sent", "suppressed"}
    assert ended["sent"] + ended["suppressed"] == 40 * 3 * 2
    assert (40 - len(course.changed)) * 3 <= ended["sent"] <= 40 * 3


@pytest.mark.long
async def test_a_hundred_thousand_reminders_of_ten_thousand_visits(world: World) -> None:
    ended, course = await drain(world, appointments=10_000, others=3)
    assert ended.keys() == {"sent", "suppressed"}
    assert ended["sent"] + ended["suppressed"] == 120_000
    assert (10_000 - len(course.changed)) * 3 <= ended["sent"] <= 30_000
