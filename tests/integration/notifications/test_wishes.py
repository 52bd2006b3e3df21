"""Whatever somebody wants and whatever the clock shows: they are told what they want, on that channel, not at night.

What was wanted when it was planned may be refused when it is due; what holds then is what counts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import strategies as st

from niyat.kernel.db import Row
from niyat.notifications.commands.set_preferences import Consent, set_preferences
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.preferences import Preferences, channels_for, quiet_until, refused
from tests.support.notifications import World
from tests.support.notifications_visits import confirmed, paid
from tests.support.preferences import MOMENTS, PREFERENCES, ZONES
from tests.support.properties import for_all

CONSENT = Consent(way="preferences")
PLANNED = (NotificationType.APPOINTMENT_CONFIRMED, NotificationType.PAYMENT_RECEIPT)


def _without_devices(preferences: Preferences) -> Preferences:
    choices = {key: on for key, on in preferences.choices.items() if key[1] is not NotificationChannel.PUSH}
    return replace(preferences, choices=choices, has_device=False)


WISHES = PREFERENCES.map(_without_devices)


@dataclass(frozen=True)
class Course:
    """Booked at `moment` by somebody of this `zone` with these wishes, who changes their mind at once."""

    before: Preferences
    after: Preferences
    moment: datetime
    zone: str


async def _stand(world: World, moment: datetime) -> None:
    """Each course has a time of its own: the clock may be set back between two, as no queue knows of the other's."""
    superuser = await asyncpg.connect(world.databases.superuser_url("notifications"))
    try:
        await superuser.execute(
            "SET session_replication_role = replica"
        )  # without the trigger that forbids it
        await superuser.execute("UPDATE niyat_clock SET frozen_at = $1", moment)
    finally:
        await superuser.close()


def _as_it_should_be(row: Row, course: Course, moment: datetime) -> tuple[set[str], datetime | None]:
    """What may have become of what is due at `moment`, and until when it is kept if it is kept."""
    kind, channel = NotificationType(row["type"]), NotificationChannel(row["channel"])
    offset = None if row["offset_minutes"] is None else timedelta(minutes=row["offset_minutes"])
    if row["too_late_at"] is not None and row["too_late_at"] <= moment:
        return {"missed"}, None
    if refused(course.after, kind, channel, offset):
        return {"suppressed"}, None
    until = quiet_until(course.after, kind, moment, course.zone)
    if until is None:
        return {"sent"}, None
    in_vain = row["too_late_at"] is not None and row["too_late_at"] <= until
    return {"queued", "missed"} if in_vain else {"queued"}, until


async def _holds(world: World, course: Course) -> None:
    """From the booking on, the clock stands at every moment at which something is due, until nothing is."""
    account_id = uuid4()
    await _stand(world, course.moment)
    await world.db.run(set_preferences, account_id, course.before, CONSENT)
    visit = await world.visit(
        timedelta(hours=30), account_id=account_id, time_zone=course.zone, language="en"
    )
    await world.events(confirmed(visit), paid(visit))
    for kind in PLANNED:
        planned = await world.queue(visit, type=kind, status="queued")
        assert sorted(row["channel"] for row in planned) == sorted(channels_for(course.before, kind))
    await world.db.run(set_preferences, account_id, course.after, CONSENT)
    moment = course.moment
    while queued := await world.queue(visit, status="queued"):
        moment = max(moment, min(row["next_at"] for row in queued))
        assert moment < visit.starts_at + timedelta(days=2), "something waits for ever"
        due = [row for row in queued if row["next_at"] <= moment]
        await _stand(world, moment)
        await world.deliver()
        after = {row["id"]: row for row in await world.queue(visit)}
        for row in due:
            statuses, until = _as_it_should_be(row, course, moment)
            found = after[row["id"]]
            assert found["status"] in statuses, (moment, dict(found))
            assert found["channel"] == row["channel"]
            assert found["status"] != "queued" or found["next_at"] == until
    sent = Counter(row["channel"] for row in await world.queue(visit, status="sent"))
    mails = await world.sandbox.mails(visit.email)
    assert len(mails) == sent["EMAIL"]
    assert len(await world.sandbox.texts(visit.phone)) == sent["SMS"]
    for mail in mails:
        in_hindi = any("\u0900" <= letter <= "\u097f" for letter in str(mail["subject"]))
        assert in_hindi == (course.after.language == "hi"), mail["subject"]


COURSES = st.builds(Course, before=WISHES, after=WISHES, moment=MOMENTS, zone=ZONES)


@pytest.mark.parametrize("count", [3, pytest.param(60, marks=pytest.mark.long)])
async def test_everybody_is_told_what_they_want_and_when_they_want_it(world: World, count: int) -> None:
    await for_all(COURSES, partial(_holds, world), count=count, shrink=False)
