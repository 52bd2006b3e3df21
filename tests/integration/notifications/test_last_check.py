"""What is asked right before a message leaves, beyond whether it is still so: wanted, at night, by which channel."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from niyat.notifications.commands import ask as ask_module
from niyat.notifications.commands import attempt as attempt_module
from niyat.notifications.commands.ask import ask
from niyat.notifications.commands.attempt import attempt
from niyat.notifications.commands.claim import LEASE_SECONDS, Lane, claim_due
from niyat.notifications.commands.deliver import deliver_lane
from niyat.notifications.commands.set_preferences import Consent, unsubscribe
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.ports import AppointmentView, Found, Mail, Receipt
from niyat.notifications.turns import Turns
from tests.support.notifications import World
from tests.support.notifications_visits import cancelled, confirmed, paid

AN_HOUR = timedelta(hours=1)


async def refuse(
    world: World, account_id: UUID, kind: NotificationType, channel: NotificationChannel
) -> None:
    await world.db.run(unsubscribe, account_id, kind, channel, Consent(way="preferences"))


async def quiet_now(world: World, account_id: UUID) -> None:
    """From an hour ago until an hour from now, by UTC's clocks."""
    await world.db.execute(
        "INSERT INTO user_notification_settings (account_id, time_zone, quiet_from, quiet_to) "
        "SELECT $1, 'UTC', (at - interval '1 hour')::time(0), (at + interval '1 hour')::time(0) "
        "FROM (SELECT niyat_now() AT TIME ZONE 'UTC' AS at) AS clock",
        account_id,
    )


async def test_what_was_turned_off_after_it_was_planned_is_not_sent(world: World) -> None:
    visit = await world.visit()
    await world.events(paid(visit))
    await refuse(world, visit.patient_id, NotificationType.PAYMENT_RECEIPT, NotificationChannel.EMAIL)
    await world.deliver()
    (row,) = await world.queue(visit)
    assert (row["status"], row["last_error"]) == ("suppressed", "opted-out")
    assert await world.sandbox.texts(visit.phone) == []


async def test_at_night_it_waits_for_the_morning_and_what_is_essential_does_not(world: World) -> None:
    visit = await world.visit()
    await quiet_now(world, visit.patient_id)
    world.appointments.change(visit.appointment_id, status="cancelled")
    await world.events(paid(visit), cancelled(visit))
    await world.deliver()
    assert await world.states(visit) == {"PAYMENT_RECEIPT": ["queued"], "APPOINTMENT_CANCELLED": ["sent"]}
    (row,) = await world.queue(visit, type="PAYMENT_RECEIPT")
    assert (row["last_error"], row["tries"]) == ("quiet-hours", 0)
    await world.move(AN_HOUR + timedelta(minutes=1))
    await world.deliver()
    assert (await world.states(visit))["PAYMENT_RECEIPT"] == ["sent"]


async def test_a_refused_mail_is_told_by_text_message_instead_and_the_log_says_why(world: World) -> None:
    visit = await world.visit()
    await world.sandbox.add_mail_fault("5xx", to=visit.email)
    await world.events(paid(visit))
    await world.deliver()
    assert len(await world.sandbox.texts(visit.phone)) == 1
    (row,) = await world.queue(visit)
    assert (row["status"], row["channel"], row["tried_channels"]) == ("sent", "SMS", ["EMAIL"])
    assert [(line["status"], line["channel"], line["error_code"]) for line in await world.log(row["id"])] == [
        ("queued", "EMAIL", "smtp-550"),
        ("sent", "SMS", None),
    ]


async def test_a_channel_that_was_refused_stands_in_for_none(world: World) -> None:
    visit = await world.visit()
    await refuse(world, visit.patient_id, NotificationType.PAYMENT_RECEIPT, NotificationChannel.SMS)
    await world.sandbox.add_mail_fault("5xx", to=visit.email)
    await world.events(paid(visit))
    await world.deliver()
    (row,) = await world.queue(visit)
    assert (row["status"], row["last_error"]) == ("failed", "smtp-550")
    assert await world.sandbox.texts(visit.phone) == []


@pytest.mark.failure_row(50)
async def test_while_mail_is_down_a_cancellation_is_told_by_text_message_and_a_receipt_waits(
    world: World,
) -> None:
    visit = await world.visit()
    world.appointments.change(visit.appointment_id, status="cancelled")
    await world.sandbox.add_mail_fault("4xx", times=100, stage="rcpt", to=visit.email)
    await world.events(paid(visit), cancelled(visit))
    for _ in range(5):
        await world.deliver()
        await world.move(timedelta(minutes=2))
    assert await world.states(visit) == {
        "PAYMENT_RECEIPT": ["queued"],
        "APPOINTMENT_CANCELLED": ["queued", "sent"],  # its mail goes on: calendars must hear of it, too
    }
    assert len(await world.sandbox.texts(visit.phone)) == 1
    await world.sandbox.clear_mail_faults()


@pytest.mark.failure_row(49)
async def test_a_cancellation_does_not_overtake_a_confirmation_that_is_still_under_way(world: World) -> None:
    visit = await world.visit()
    await world.events(confirmed(visit))
    await world.db.run(claim_due, Lane.EMAIL, mail_domain="clinic.example", limit=10)  # another worker has it
    world.appointments.change(visit.appointment_id, status="cancelled")
    await world.events(cancelled(visit))
    await world.deliver()
    (row,) = await world.queue(visit, type="APPOINTMENT_CANCELLED")
    assert (row["status"], row["last_error"]) == ("queued", "another-is-on-its-way")
    await world.move(timedelta(seconds=LEASE_SECONDS))  # it died
    await world.deliver()
    await world.move(timedelta(minutes=1))
    await world.deliver()
    states = await world.states(visit)
    assert (states["APPOINTMENT_CONFIRMED"], states["APPOINTMENT_CANCELLED"]) == (["suppressed"], ["sent"])


async def test_a_provider_is_given_no_more_than_its_pace_by_all_workers_together(world: World) -> None:
    visits = [await world.visit() for _ in range(6)]
    await world.events(*map(paid, visits))
    pace = {NotificationChannel.EMAIL: 2.0}

    async def claimed() -> int:
        found = await world.db.run(claim_due, Lane.EMAIL, mail_domain="c.example", limit=10, per_second=pace)
        return len(found)

    owner_now = "UPDATE provider_paces SET counted_at = niyat_now() + interval '1 hour'"  # no time passes
    assert await claimed() == 2
    await world.db.execute(owner_now)
    assert await claimed() == 0
    await world.db.execute("UPDATE provider_paces SET counted_at = niyat_now() - interval '1 minute'")
    assert await claimed() == 2  # a second's worth, however long it was idle
    await world.move(timedelta(seconds=LEASE_SECONDS))


async def test_one_lane_goes_on_while_another_is_stuck(world: World) -> None:
    by_mail, by_text = await world.visit(phone=None), await world.visit(email=None)
    await world.sandbox.add_mail_fault("4xx", times=100, stage="rcpt", to=by_mail.email)
    await world.events(paid(by_mail), paid(by_text))
    await deliver_lane(world.parts, Lane.EMAIL)
    await deliver_lane(world.parts, Lane.SMS)
    assert await world.states(by_text) == {"PAYMENT_RECEIPT": ["sent"]}
    assert await world.states(by_mail) == {"PAYMENT_RECEIPT": ["queued"]}
    await world.sandbox.clear_mail_faults()


async def test_no_more_is_under_way_at_a_provider_than_it_takes_side_by_side(world: World) -> None:
    """Whatever waited there would no longer be what was checked right before."""

    class Counting:
        now = most = 0

        async def send(self, mail: Mail) -> Receipt:
            self.now += 1
            self.most = max(self.most, self.now)
            await world.now()  # the others have time to come in
            self.now -= 1
            return Receipt("smtp", None)

    server, turns = Counting(), Turns({NotificationChannel.EMAIL: 2})
    visits = [await world.visit() for _ in range(10)]
    await world.events(*map(paid, visits))
    await deliver_lane(replace(world.parts, email=server, turns=turns), Lane.EMAIL)
    assert server.most == 1  # the other is kept for codes
    assert len(await world.queue(status="sent")) == len(visits)


async def test_what_took_too_long_to_ask_about_is_left_to_whoever_holds_it_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the attempt could outlast the lease."""

    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

    visit = await world.visit()
    await world.events(confirmed(visit))
    claimed = await world.db.run(claim_due, Lane.EMAIL, mail_domain="clinic.example", limit=10)
    asked, clock, known = await ask(world.parts, claimed), Clock(), world.appointments.find_many
    monkeypatch.setattr(attempt_module, "time", clock)
    monkeypatch.setattr(ask_module, "FRESH_SECONDS", -1.0)

    async def slow(appointment_ids: Collection[UUID]) -> Found[AppointmentView]:
        clock.now += 30
        return await known(appointment_ids)

    world.appointments.find_many = slow  # type: ignore[method-assign]
    assert not await attempt(world.parts, claimed[0], asked, begin_until=20.0)
    (row,) = await world.queue(visit, type="APPOINTMENT_CONFIRMED")
    assert (row["status"], row["last_error"]) == ("queued", "not-in-time")
    assert await world.subjects(visit) == []
    monkeypatch.undo()
    world.appointments.find_many = known  # type: ignore[method-assign]
