"""What leaves, when, how often, and what does not."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from niyat.kernel.db import Connection
from niyat.notifications.commands.claim import LEASE_SECONDS, Lane, claim_due
from niyat.notifications.commands.deliver import deliver_due
from niyat.notifications.commands.settle import Outcome, settle
from niyat.notifications.domain import NotificationChannel, NotificationStatus
from tests.support.notifications import World
from tests.support.notifications_visits import cancelled, confirmed, paid

AN_HOUR = timedelta(hours=1)


async def test_a_confirmation_is_sent_once_though_its_event_comes_twice(world: World) -> None:
    visit = await world.visit()
    await world.events(confirmed(visit))
    assert await world.deliver() == 1
    await world.events(confirmed(visit))
    assert await world.deliver() == 0
    mail = await world.only_mail(visit)
    row = (await world.queue(visit, type="APPOINTMENT_CONFIRMED"))[0]
    assert mail["message_id"] == row["message_id"] == f"<{row['id']}@clinic.example>"
    raw = (await world.sandbox.raw_mail(mail["id"])).decode()
    assert "Auto-Submitted: auto-generated" in raw
    assert "IST (Asia/Kolkata)" in mail["text"]
    assert "<table" in mail["html"]
    (line,) = await world.log(row["id"])
    assert (line["status"], line["provider"], line["template_version"]) == ("sent", "smtp", 1)
    assert line["address_masked"] == f"{visit.email[0]}•••@patient.example"


@pytest.mark.failure_row(48)
async def test_nobody_is_told_of_a_visit_that_was_cancelled_in_between(world: World) -> None:
    visit = await world.visit()
    await world.events(confirmed(visit))
    world.appointments.change(visit.appointment_id, status="cancelled")  # its event is still under way
    await world.deliver()
    assert await world.subjects(visit) == []
    assert (await world.states(visit))["APPOINTMENT_CONFIRMED"] == ["suppressed"]


async def test_a_confirmation_of_an_earlier_time_is_suppressed(world: World) -> None:
    visit = await world.visit()
    await world.events(confirmed(visit))
    world.appointments.change(visit.appointment_id, revision=1)
    await world.deliver()
    (row,) = await world.queue(visit, type="APPOINTMENT_CONFIRMED")
    assert (row["status"], row["last_error"]) == ("suppressed", "appointment-moved")


async def test_what_cannot_be_checked_is_withheld_and_sent_later(world: World) -> None:
    visit = await world.visit()
    world.appointments.reachable = False
    await world.events(confirmed(visit))
    for _ in range(20):  # more often than anything is tried
        await world.deliver()
        await world.move(timedelta(minutes=2))
    assert await world.subjects(visit) == []
    (row,) = await world.queue(visit, type="APPOINTMENT_CONFIRMED")
    assert (row["status"], row["tries"], row["withheld"]) == ("queued", 0, 20)
    world.appointments.reachable = True
    await world.deliver()
    assert len(await world.subjects(visit)) == 1


async def test_a_mail_whose_outcome_is_unknown_is_sent_again_with_the_same_message_id(world: World) -> None:
    visit = await world.visit()
    await world.sandbox.add_mail_fault("drop-after-data", to=visit.email)
    await world.events(confirmed(visit))
    await world.deliver()
    (row,) = await world.queue(visit, type="APPOINTMENT_CONFIRMED")
    assert (row["status"], row["last_error"]) == ("queued", "smtp-no-answer-after-data")
    await world.move(AN_HOUR)
    await world.deliver()
    first, second = await world.sandbox.mails(visit.email)
    assert first["message_id"] == second["message_id"]
    assert [line["status"] for line in await world.log(row["id"])] == ["queued", "sent"]


async def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_not(world: World) -> None:
    busy, gone = await world.visit(phone=None), await world.visit(phone=None)
    await world.sandbox.add_mail_fault("4xx", stage="rcpt", to=busy.email)
    await world.sandbox.add_mail_fault("5xx", stage="rcpt", to=gone.email)
    await world.events(paid(busy), paid(gone))
    await world.deliver()
    assert await world.states(busy) == {"PAYMENT_RECEIPT": ["queued"]}
    assert await world.states(gone) == {"PAYMENT_RECEIPT": ["failed"]}
    (failed,) = await world.queue(gone)
    assert failed["last_error"] == "smtp-550"
    await world.move(AN_HOUR)
    await world.deliver()
    assert await world.states(busy) == {"PAYMENT_RECEIPT": ["sent"]}


async def test_a_bad_recipient_or_template_leaves_its_neighbours_alone(world: World) -> None:
    visits = [await world.visit() for _ in range(3)]
    nobody = await world.visit(email=None, phone=None)
    broken = await world.visit(email="not an address", phone=None)
    stranger = await world.visit()
    del world.accounts.known[stranger.patient_id]
    await world.db.execute(
        "UPDATE notification_templates SET text = '{{ missing }}' "
        "WHERE type = 'APPOINTMENT_CONFIRMED' AND channel = 'EMAIL'"
    )
    lonely = await world.visit(phone=None)
    await world.events(*map(paid, [*visits, nobody, broken, stranger]), confirmed(lonely))
    await world.deliver()
    for visit in visits:
        assert (await world.states(visit))["PAYMENT_RECEIPT"] == ["sent"]
    for visit, because in (
        (nobody, "no-address"),
        (broken, "address-wrong"),
        (stranger, "account-not-found"),
    ):
        (row,) = await world.queue(visit)
        assert (row["status"], row["last_error"]) == ("failed", because)
    (row,) = await world.queue(lonely, type="APPOINTMENT_CONFIRMED")
    assert (row["status"], row["last_error"]) == ("failed", "template-wrong")


@pytest.mark.parametrize("down", [NotificationChannel.EMAIL, NotificationChannel.SMS])
async def test_with_one_provider_down_a_broken_template_and_bad_recipients_at_once_all_others_are_told(
    world: World, down: NotificationChannel
) -> None:
    by_mail = down is NotificationChannel.SMS
    reached: dict[str, Any] = {"phone": None} if by_mail else {"email": None}
    waiting = await world.visit(email=None) if by_mail else await world.visit(phone=None)
    nowhere = await world.visit(email=None, phone=None)
    wrong = await world.visit(**{"email": "not an address", "phone": "+15005550001"} | reached)
    stranger = await world.visit()
    unworded = await world.visit(**reached)
    others = [await world.visit(**reached) for _ in range(12)]
    del world.accounts.known[stranger.patient_id]
    await world.db.execute(
        "UPDATE notification_templates SET text = '{{ missing }}' "
        "WHERE type = 'APPOINTMENT_CONFIRMED' AND channel = $1",
        "EMAIL" if by_mail else "SMS",
    )
    if by_mail:
        await world.sandbox.add_fault(world.phone, "*", "http-500-json", times=1000)
    else:
        await world.sandbox.add_mail_fault("4xx", times=1000, stage="rcpt")
    troubled = [waiting, nowhere, wrong, stranger]
    await world.events(*map(paid, [*troubled, *others]), confirmed(unworded))
    await world.deliver()

    for visit in others:
        assert await world.states(visit) == {"PAYMENT_RECEIPT": ["sent"]}
        said = await (world.sandbox.mails(visit.email) if by_mail else world.sandbox.texts(visit.phone))
        assert len(said) == 1
    for visit, status, because in (
        (waiting, "queued", "twilio-20500" if by_mail else "smtp-451"),
        (nowhere, "failed", "no-address"),
        (wrong, "failed", "address-wrong" if by_mail else "twilio-21211"),
        (stranger, "failed", "account-not-found"),
        (unworded, "failed", "template-wrong"),
    ):
        row = (await world.queue(visit))[0]
        assert (row["status"], row["last_error"]) == (status, because)
        assert (await world.log(row["id"]))[-1]["error_code"] == because

    await (world.sandbox.clear_faults() if by_mail else world.sandbox.clear_mail_faults())
    await world.move(AN_HOUR)
    await world.deliver()
    assert await world.states(waiting) == {"PAYMENT_RECEIPT": ["sent"]}


async def test_a_patient_without_a_mail_address_gets_a_text_message(world: World) -> None:
    visit = await world.visit(email=None)
    await world.events(confirmed(visit))
    await world.deliver()
    (text,) = await world.sandbox.texts(visit.phone)
    assert "Dr Meera Rao" in text["body"]
    (row,) = await world.queue(visit, type="APPOINTMENT_CONFIRMED")
    (line,) = await world.log(row["id"])
    assert (line["channel"], line["provider_message_id"]) == ("SMS", text["sid"])


async def test_reminders_are_sent_when_they_are_due(world: World) -> None:
    visit = await world.visit()
    await world.events(confirmed(visit))
    await world.deliver()
    for before_start in (timedelta(hours=24), timedelta(hours=1), timedelta(minutes=15)):
        already = len(await world.subjects(visit))
        await world.move(visit.starts_at - before_start - await world.now() - timedelta(minutes=1))
        await world.deliver()
        assert len(await world.subjects(visit)) == already
        await world.move(timedelta(minutes=1, seconds=1))
        await world.deliver()
        assert len(await world.subjects(visit)) == already + 1
    assert await world.states(visit) == {
        "APPOINTMENT_CONFIRMED": ["sent"],
        "APPOINTMENT_REMINDER": ["sent"] * 3,
    }


@pytest.mark.failure_row(51)
async def test_reminders_long_past_are_missed_never_a_flood(world: World) -> None:
    visits = [await world.visit() for _ in range(5)]
    for visit in visits:
        await world.events(confirmed(visit))
    await world.deliver()
    await world.move(timedelta(days=3) - timedelta(minutes=50))  # everything was down for two days
    await world.deliver()
    for visit in visits:
        reminders = await world.queue(visit, type="APPOINTMENT_REMINDER")
        assert [row["status"] for row in reminders] == ["missed", "sent", "queued"]


async def test_tries_are_bounded_and_the_dead_letter_is_listed(world: World) -> None:
    visit = await world.visit(phone=None)
    await world.sandbox.add_mail_fault("4xx", times=100, stage="rcpt", to=visit.email)
    await world.events(paid(visit))
    for _ in range(20):
        await world.deliver()
        await world.move(2 * AN_HOUR)
    (row,) = await world.queue(visit)
    assert (row["status"], row["tries"], row["last_error"]) == ("failed", 14, "smtp-451")
    await world.sandbox.clear_mail_faults()


@pytest.mark.failure_row(34)
async def test_a_dead_workers_lease_is_taken_over_and_its_late_word_does_not_count(world: World) -> None:
    visit = await world.visit()
    await world.events(paid(visit))
    (dead,) = await world.db.run(claim_due, Lane.EMAIL, mail_domain="elsewhere.example", limit=10)
    assert await world.deliver() == 0  # it is leased
    await world.move(timedelta(seconds=LEASE_SECONDS))
    assert await world.deliver() == 1
    assert (await world.only_mail(visit))["message_id"] == dead.message_id

    async def late(conn: Connection) -> Outcome | None:
        outcome = Outcome(status=NotificationStatus.FAILED, channel=NotificationChannel.EMAIL, tries=1)
        return await settle(conn, dead, outcome)

    assert not await world.db.run(late)
    assert await world.states(visit) == {"PAYMENT_RECEIPT": ["sent"]}


async def test_two_workers_at_once_send_each_once(world: World) -> None:
    visits = [await world.visit() for _ in range(30)]
    await world.events(*map(paid, visits))
    sent = await asyncio.gather(*(deliver_due(world.parts) for _ in range(3)))
    assert sum(sent) == len(visits)
    for visit in visits:
        assert len(await world.subjects(visit)) == 1


async def test_an_appointment_of_somebody_else_is_never_told(world: World) -> None:
    mine, other = await world.visit(), await world.visit()
    await world.events(paid(mine))
    world.appointments.change(mine.appointment_id, patient_id=other.patient_id)
    await world.deliver()
    (row,) = await world.queue(mine)
    assert (row["status"], row["last_error"]) == ("suppressed", "not-theirs")


async def test_no_address_or_name_is_logged_or_stored(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    visit = await world.visit()
    with capture_logs() as logs:
        await world.events(confirmed(visit), cancelled(visit))
        await world.deliver()
    words = f"{logs}{capfd.readouterr()}{await world.every_word_stored()}"
    for secret in (visit.email, visit.phone, "Asha"):
        assert secret not in words
