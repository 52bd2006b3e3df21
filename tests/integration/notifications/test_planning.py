"""Events become intents, each once, whatever comes twice or late."""

from __future__ import annotations

import itertools
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from niyat.events.catalogue import (
    PaymentReleased,
    ReceiptIssued,
    RefundCompleted,
    RefundFailed,
    RefundInitiated,
)
from niyat.kernel.db import Connection
from niyat.kernel.local_time import local_time
from niyat.notifications.commands.claim import LEASE_SECONDS, Lane, claim_due
from niyat.notifications.commands.templates import live_template, seed_templates
from niyat.notifications.domain import TRANSITIONS, NotificationChannel, NotificationStatus, NotificationType
from niyat.notifications.wording import shipped
from tests.support.notifications import World
from tests.support.notifications_visits import (
    Visit,
    about_money,
    cancelled,
    confirmed,
    missed,
    paid,
    rescheduled,
)


async def test_a_confirmation_and_three_reminders_are_planned_once_though_the_event_comes_twice(
    world: World,
) -> None:
    visit = await world.visit()
    await world.events(confirmed(visit))
    await world.events(confirmed(visit))  # published twice: another event id, the same meaning
    planned = await world.queue(visit)
    assert sorted(row["dedupe_key"] for row in planned) == sorted(
        [f"confirmed:{visit.appointment_id}:0:EMAIL"]
        + [f"reminder:{visit.appointment_id}:0:{minutes}:EMAIL" for minutes in (15, 60, 1440)]
    )
    reminders = [row for row in planned if row["offset_minutes"]]
    assert [visit.starts_at - row["due_at"] for row in reminders] == [
        timedelta(hours=24),
        timedelta(hours=1),
        timedelta(minutes=15),
    ]


async def test_reminders_whose_time_has_passed_are_not_planned(world: World) -> None:
    visit = await world.visit(starts_in=timedelta(minutes=40))
    await world.events(confirmed(visit))
    assert [row["offset_minutes"] for row in await world.queue(visit) if row["offset_minutes"]] == [15]


async def test_a_cancellation_suppresses_what_was_promised_and_says_so(world: World) -> None:
    visit = await world.visit()
    await world.events(confirmed(visit))
    world.appointments.change(visit.appointment_id, status="cancelled")
    await world.events(cancelled(visit))
    assert await world.states(visit) == {
        "APPOINTMENT_CONFIRMED": ["suppressed"],
        "APPOINTMENT_REMINDER": ["suppressed"] * 3,
        "APPOINTMENT_CANCELLED": ["queued"],
    }
    await world.deliver()
    assert await world.subjects(visit) == [
        mail for mail in await world.subjects(visit) if mail.startswith("Cancelled")
    ]
    assert "₹250.00 of what you paid goes back to you" in (await world.only_mail(visit))["text"]


async def test_somebody_who_lets_go_of_their_own_unpaid_hold_is_not_written_to(world: World) -> None:
    visit = await world.visit()
    await world.events(cancelled(visit, was_confirmed=False, payment_id=None))
    assert await world.queue(visit) == []


async def test_a_move_replaces_the_reminders_of_the_time_before(world: World) -> None:
    visit = await world.visit()
    await world.events(confirmed(visit))
    await world.deliver()
    later = visit.starts_at + timedelta(days=1)
    world.appointments.change(visit.appointment_id, revision=1, starts_at=later)
    await world.events(rescheduled(visit, later, revision=1))
    await world.deliver()
    reminders = await world.queue(visit, type="APPOINTMENT_REMINDER")
    assert sorted((row["revision"], row["status"]) for row in reminders) == sorted(
        [(0, "suppressed")] * 3 + [(1, "queued")] * 3
    )
    confirmation, moved = await world.subjects(visit)
    assert confirmation.startswith("Confirmed")
    assert moved.startswith("Moved")


async def test_two_moves_are_told_as_one_to_whom_the_first_was_not_told(world: World) -> None:
    visit = await world.visit(language="hi", time_zone="America/New_York")
    await world.events(confirmed(visit))
    await world.deliver()
    first, second = visit.starts_at + timedelta(days=1), visit.starts_at + timedelta(days=2)
    await world.events(rescheduled(visit, first, 1), rescheduled(visit, second, 2, before=first))
    world.appointments.change(visit.appointment_id, revision=2, starts_at=second)
    await world.deliver()
    moved = (await world.sandbox.mails(visit.email))[0]
    assert moved["subject"].startswith("समय बदला")
    assert local_time(visit.starts_at, "America/New_York", "hi") in moved["text"]
    assert local_time(second, "America/New_York", "hi") in moved["text"]
    assert "₹400.00" in moved["text"]
    assert len(await world.subjects(visit)) == 2
    assert (await world.states(visit))["APPOINTMENT_RESCHEDULED"] == ["suppressed", "sent"]


async def test_a_move_that_was_overtaken_by_a_cancellation_is_not_told(world: World) -> None:
    visit = await world.visit()
    later = visit.starts_at + timedelta(days=1)
    await world.events(rescheduled(visit, later, 1))
    world.appointments.change(visit.appointment_id, status="cancelled", revision=1)  # its event is on its way
    await world.deliver()
    assert (await world.states(visit))["APPOINTMENT_RESCHEDULED"] == ["suppressed"]
    assert await world.subjects(visit) == []


async def test_the_doctors_absence_is_told_once_and_the_patients_own_is_not(world: World) -> None:
    visit = await world.visit()
    world.appointments.change(visit.appointment_id, status="no-show")
    await world.events(missed(visit, "patient"))
    assert await world.queue(visit) == []
    await world.events(missed(visit, "doctor"))
    await world.events(missed(visit, "doctor"))
    await world.deliver()
    mail = await world.only_mail(visit)
    assert "goes back to you: ₹500.00" in mail["text"]


async def test_money_is_told_as_it_moves(world: World) -> None:
    visit = await world.visit()
    refund = {"refund_id": uuid4(), "reason_code": "cancelled", "amount": 25_000}
    for event in (
        paid(visit),
        about_money(RefundInitiated, visit, **refund),
        about_money(RefundCompleted, visit, **refund),
        about_money(RefundFailed, visit, **refund | {"refund_id": uuid4()}),
    ):
        await world.events(event)
        await world.deliver()
    assert [subject.split(":")[0] for subject in await world.subjects(visit)] == [
        "Received",
        "Your refund of ₹250.00 is on its way",
        "Refunded",
        "Your refund of ₹250.00 needs another way",
    ]


async def test_a_refund_that_is_through_is_not_announced_as_under_way(world: World) -> None:
    visit = await world.visit()
    refund = {"refund_id": uuid4(), "reason_code": "cancelled"}
    await world.events(
        about_money(RefundInitiated, visit, **refund), about_money(RefundCompleted, visit, **refund)
    )
    await world.deliver()
    await world.events(about_money(RefundInitiated, visit, **refund))  # a replay, late
    await world.deliver()
    assert await world.states(visit) == {"REFUND_INITIATED": ["suppressed"], "REFUND_COMPLETED": ["sent"]}


async def test_a_refund_that_failed_after_all_is_not_told_as_through(world: World) -> None:
    waiting, being_sent = await world.visit(), await world.visit()
    refunds = {v.appointment_id: {"refund_id": uuid4(), "reason_code": "c"} for v in (waiting, being_sent)}

    async def come(kind: type[RefundCompleted | RefundFailed], *visits: Visit) -> None:
        await world.events(*(about_money(kind, visit, **refunds[visit.appointment_id]) for visit in visits))

    await come(RefundCompleted, being_sent)
    await world.sandbox.add_mail_fault("4xx", stage="rcpt", to=being_sent.email)
    claimed = await world.db.run(claim_due, Lane.EMAIL, mail_domain="clinic.example", limit=10)
    assert [each.appointment_id for each in claimed] == [being_sent.appointment_id]
    await come(RefundCompleted, waiting)
    await come(RefundFailed, waiting, being_sent)
    await world.move(timedelta(seconds=LEASE_SECONDS))  # its sender died
    await world.deliver()
    await world.move(timedelta(hours=1))
    await world.deliver()
    for visit in (waiting, being_sent):
        assert await world.states(visit) == {"REFUND_COMPLETED": ["suppressed"], "REFUND_FAILED": ["sent"]}


async def test_nobody_hears_you_were_not_charged_once_money_of_the_visit_moved(world: World) -> None:
    for kind, fields in (
        (RefundInitiated, {"refund_id": uuid4(), "reason_code": "gone"}),
        (ReceiptIssued, {"receipt_id": uuid4(), "receipt_number": "2026-27/R/000123"}),
    ):
        visit = await world.visit()
        world.appointments.change(visit.appointment_id, status="expired")
        released = about_money(PaymentReleased, visit, reason_code="gone", securing=1)
        await world.events(
            released, about_money(kind, visit, **fields)
        )  # another attempt of the same payment
        await world.deliver()
        assert (await world.states(visit))["PAYMENT_NOT_TAKEN"] == ["suppressed"]


async def test_late_money_for_a_lost_time_is_explained(world: World) -> None:
    visit = await world.visit()
    world.appointments.change(visit.appointment_id, status="expired")
    await world.events(about_money(RefundInitiated, visit, refund_id=uuid4(), reason_code="gone"))
    await world.deliver()
    assert "The time you chose was no longer free" in (await world.only_mail(visit))["text"]


async def test_who_was_not_charged_is_told_unless_they_paid_after_all(world: World) -> None:
    lost, paid_again = await world.visit(), await world.visit()
    world.appointments.change(lost.appointment_id, status="expired")
    for visit in (lost, paid_again):
        await world.events(about_money(PaymentReleased, visit, reason_code="gone", securing=1))
    await world.deliver()
    assert await world.subjects(lost) == ["You were not charged"]
    assert await world.states(paid_again) == {"PAYMENT_NOT_TAKEN": ["suppressed"]}


async def test_shipped_wording_is_stored_once_and_an_edited_one_stays_in_force(world: World) -> None:
    count = "SELECT count(*) FROM notification_templates"
    assert await world.db.fetchval(count) == len(list(shipped()))
    await world.db.run(seed_templates)
    assert await world.db.fetchval(f"{count} WHERE live AND version = 1") == len(list(shipped()))

    which = (NotificationType.SIGN_IN_CODE, NotificationChannel.SMS)

    async def edit(conn: Connection) -> None:
        await conn.execute(
            "UPDATE notification_templates SET live = false, text = 'of the release before' "
            "WHERE type = $1 AND channel = $2 AND language = 'en'",
            *which,
        )
        await conn.execute(
            "INSERT INTO notification_templates (type, channel, language, version, origin, subject, text, html, live) "
            "VALUES ($1, $2, 'en', 2, 'edited', '', 'Ours: {{ code }}', '', true)",
            *which,
        )

    await world.db.run(edit)
    await world.db.run(seed_templates)  # a release with another wording than version 1
    async with world.db.pool.acquire() as conn:
        assert (await live_template(conn, *which, "en")).text == "Ours: {{ code }}"
        assert (await live_template(conn, *which, "mr")).text == "Ours: {{ code }}"  # no Marathi: English
    assert (
        await world.db.fetchval(f"{count} WHERE type = $1 AND channel = $2 AND language = 'en'", *which) == 3
    )


async def test_the_database_allows_the_moves_of_the_table_and_no_others(world: World) -> None:
    for pair in itertools.product(NotificationStatus, repeat=2):
        assert await world.db.fetchval("SELECT notification_may_move($1, $2)", *pair) == (pair in TRANSITIONS)
    visit = await world.visit()
    await world.events(paid(visit))
    with pytest.raises(asyncpg.CheckViolationError, match="cannot become"):
        await world.db.execute(
            "UPDATE scheduled_notifications SET status = 'sent', finished_at = niyat_now()"
        )


@pytest.mark.parametrize(
    "statement", ["UPDATE notification_logs SET tries = 0", "DELETE FROM notification_logs"]
)
async def test_the_delivery_log_only_grows(world: World, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await world.db.execute(statement)
    owner = await asyncpg.connect(world.databases.owner_url("notifications"))
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await owner.execute(statement)
    await owner.close()
