"""Rows of docs/failure-modes.md that are about what people are told, on the whole system; it ends in the audit."""

from __future__ import annotations

import email
import secrets
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from icalendar import Calendar

from tests.support.journeys import (
    PRICE,
    arriving,
    books_say,
    cancel,
    move_visit,
    order_of,
    path_of,
    subjects,
)
from tests.support.sandbox import Json
from tests.support.system import Caller, System

A_DAY = timedelta(days=1)


def starts_at(slot: Json) -> datetime:
    return datetime.fromisoformat(slot["starts_at"])


async def reminders(system: System, who: Caller) -> list[str]:
    return [each for each in await subjects(system, who) if each.startswith("Reminder:")]


async def mail_is_down_for(system: System, who: Caller) -> None:
    await system.sandbox.add_mail_fault("4xx", times=10_000, stage="rcpt", to=who.account["email"])


@pytest.mark.failure_row(2)
async def test_who_paid_for_a_time_that_is_gone_is_told_so_and_where_to_choose_another(
    system: System,
) -> None:
    slot = (await system.slots(await system.doctor(fee_amount=PRICE)))[0]
    patient = await system.patient()
    booking = await system.book(patient, slot)
    await system.clock.move(minutes=5, seconds=2)
    await system.becomes(patient, booking, "expired")
    await system.book(await system.patient(), slot)
    await system.sandbox.pay(order_of(booking), outcome="captured")
    await books_say(system, captured=PRICE, refunded=PRICE, captures=1)
    assert (await system.sandbox.books(system.merchant)).count("refund.created") == 1
    mails = await system.sandbox.mails(patient.account["email"])
    told = [mail for mail in mails if "refund" in mail["subject"].lower()]
    assert told
    for text in (mail[form] for mail in told for form in ("text", "html")):
        assert "no longer free" in text
        assert f"choose another one at {system.address}" in text
    assert not [mail for mail in mails if mail["subject"].startswith("Confirmed:")]


@pytest.mark.failure_row(48)
async def test_a_reminder_that_falls_due_after_a_cancellation_or_a_move_reaches_nobody(
    system: System,
) -> None:
    """Even where notifications has not heard of it: it asks once more before anything leaves."""
    slots = await system.slots(await system.doctor(fee_amount=0))
    comes, cancels, moves = [await system.patient() for _ in range(3)]
    _, off, elsewhere = [
        await system.book(who, slot) for who, slot in zip((comes, cancels, moves), slots, strict=False)
    ]
    await system.settle()
    await system.niyat.pause()
    await cancel(cancels, off)
    await move_visit(moves, elsewhere, slots[-1])
    due = starts_at(slots[2]) - A_DAY + timedelta(minutes=1)
    await system.clock.pass_by(seconds=(due - await system.clock.now()).total_seconds())
    for job in system.niyat.services["notifications"].jobs:
        await job.run()
    assert [len(await reminders(system, who)) for who in (comes, cancels, moves)] == [1, 0, 0]
    system.niyat.resume()
    await system.settle()
    assert [len(await reminders(system, who)) for who in (comes, cancels, moves)] == [1, 0, 0]
    assert [line.partition(":")[0] for line in await subjects(system, cancels)] == ["Confirmed", "Cancelled"]
    assert [line.partition(":")[0] for line in await subjects(system, moves)] == ["Confirmed", "Moved"]


async def calendars(system: System, who: Caller) -> list[tuple[str, str, int]]:
    """What a mail program makes of who's mails, the oldest first: method, UID, SEQUENCE."""
    found = []
    for mail in reversed(await system.sandbox.mails(who.account["email"])):
        raw = email.message_from_bytes(await system.sandbox.raw_mail(mail["id"]))
        for part in raw.walk():
            if part.get_content_type() == "text/calendar":
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                calendar = Calendar.from_ical(content.decode())
                [entry] = calendar.events
                found.append((str(calendar["METHOD"]), str(entry["UID"]), int(str(entry["SEQUENCE"]))))
    return found


@pytest.mark.failure_row(44, 49)
async def test_calendars_hear_of_invitation_move_and_cancellation_in_order_however_long_the_mail_was_down(
    system: System,
) -> None:
    slots = await system.slots(await system.doctor(fee_amount=0))
    always, after, never = [await system.patient() for _ in range(3)]
    await mail_is_down_for(system, never)
    visits = [await system.book(who, slot) for who, slot in zip((always, after, never), slots, strict=False)]
    await system.settle()
    await mail_is_down_for(system, after)
    for who, visit, slot in zip((always, after, never), visits, slots[-3:], strict=True):
        await move_visit(who, visit, slot)
    await system.settle()
    await system.clock.move(minutes=2)
    for who, visit in zip((always, after, never), visits, strict=True):
        await cancel(who, visit)
    for _ in range(3):
        await system.settle()
        await system.clock.move(minutes=2)
    assert await calendars(system, never) == []
    await system.sandbox.clear_mail_faults()
    await system.clock.move(hours=1)
    await system.settle()

    uids = [path_of(visit).rpartition("/")[2] for visit in visits]
    seen = [await calendars(system, who) for who in (always, after, never)]
    for uid, entries in zip(uids, seen, strict=True):
        assert all(entry[1].startswith(uid) for entry in entries), entries
        assert len({entry[1] for entry in entries}) == 1
    assert [[(method, number) for method, _, number in entries] for entries in seen] == [
        [("REQUEST", 0), ("REQUEST", 1), ("CANCEL", 2)],
        [("REQUEST", 0), ("CANCEL", 2)],
        [("CANCEL", 2)],
    ]


@pytest.mark.failure_row(50)
async def test_who_a_mail_cannot_reach_is_told_by_text_message_and_that_address_is_left_alone(
    system: System,
) -> None:
    slots = await system.slots(await system.doctor(fee_amount=0))
    patient = await system.patient()
    wrong = f"returned-unknown{secrets.token_hex(6)}@patient.example"
    patient.account |= await patient.call("PATCH", "/api/v1/accounts/me", {"email": wrong})
    phone = patient.account["phone"]
    (code,) = await system.sandbox.texts(phone)
    visit = await system.book(patient, slots[0])
    (told,) = await arriving(system, phone, after=code["id"])
    assert told["body"].startswith("Confirmed:")
    assert len(await subjects(system, patient)) == 1

    log = await system.admin.call(
        "GET", "/api/v1/notifications", params={"account_id": patient.id, "type": "APPOINTMENT_CONFIRMED"}
    )
    (line,) = log["items"]
    await system.settle()
    line = await system.admin.call("GET", f"/api/v1/notifications/{line['notification_id']}")
    tried = [(one["channel"], one["status"], one["error_code"]) for one in line["attempts"]]
    assert tried[0] == ("EMAIL", "sent", None)
    assert ("EMAIL", "queued", "dsn-5.1.1") in tried or ("EMAIL", "failed", "dsn-5.1.1") in tried
    assert ("SMS", "sent", None) in tried

    await cancel(patient, visit)
    (told,) = await arriving(system, phone, after=told["id"])
    assert told["body"].startswith("Cancelled:")
    await system.settle()
    assert len(await subjects(system, patient)) == 1


@pytest.mark.failure_row(51)
async def test_after_a_day_and_a_half_without_mail_nobody_gets_the_reminders_of_that_time(
    system: System,
) -> None:
    slots = await system.slots(await system.doctor(fee_amount=0))
    patient = await system.sign_in(email=f"p{uuid4().hex}@patient.example")  # no phone to fall back to
    today = starts_at(slots[0])
    tomorrow = next(slot for slot in slots if starts_at(slot) == today + timedelta(hours=26))
    for slot in (slots[0], tomorrow):
        await system.book(patient, slot)
    await system.settle()
    told = await subjects(system, patient)
    await mail_is_down_for(system, patient)
    for hours, minutes in ((-24, 1), (-20, 0), (-1, 1), (0, -14), (2, 1), (6, 0), (12, 0)):
        await system.clock.move_to(today + timedelta(hours=hours, minutes=minutes))
        await system.settle()
    await system.sandbox.clear_mail_faults()
    await system.clock.move(hours=1)
    await system.settle()
    assert await subjects(system, patient) == told
    await system.clock.move_to(starts_at(tomorrow) - timedelta(minutes=59))
    await system.settle()
    assert len(await reminders(system, patient)) == 1
    assert len(await subjects(system, patient)) == len(told) + 1
