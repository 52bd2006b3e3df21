"""What somebody says is what holds from then on, for visits booked before it, too; and it is on record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from niyat.notifications.commands.plan_reminders import forget_past_visits
from tests.support.notifications import Own, World
from tests.support.notifications_visits import Visit, cancelled, confirmed, paid, rescheduled

PATH = "/api/v1/notifications/preferences"
REMINDER = "APPOINTMENT_REMINDER"
Json = dict[str, Any]


def choice(kind: str, channel: str, enabled: bool) -> Json:
    return {"type": kind, "channel": channel, "enabled": enabled}


def of(view: Json, kind: str, channel: str) -> Json:
    found: Json
    (found,) = (each for each in view["choices"] if (each["type"], each["channel"]) == (kind, channel))
    return found


async def consents(world: World, own: Own) -> list[tuple[str, str, bool, str, str | None]]:
    rows = await world.db.fetch(
        "SELECT type, channel, enabled, way, text_version FROM notification_consents"
        " WHERE account_id = $1 ORDER BY id",
        own.account_id,
    )
    return [tuple(row) for row in rows]


async def reminders(world: World, visit: Visit) -> list[tuple[int, int, str]]:
    rows = await world.queue(visit, type=REMINDER)
    return sorted((row["revision"], row["offset_minutes"], row["channel"]) for row in rows)


async def test_whoever_never_chose_sees_what_everybody_gets(own: Own) -> None:
    view = (await own.get(f"{PATH}/{own.account_id}")).json()
    assert view["reminder_offsets_minutes"] == [1440, 60, 15]
    assert (view["quiet_hours"], view["language"], view["time_zone"]) == (None, None, None)
    kinds = {each["type"] for each in view["choices"]}
    assert REMINDER in kinds
    assert kinds.isdisjoint({"SIGN_IN_CODE", "DOCTOR_DAILY_LIST", "ADMIN_ALERT"})
    assert of(view, REMINDER, "EMAIL") == {
        "type": REMINDER,
        "category": "optional",
        "channel": "EMAIL",
        "enabled": True,
        "chosen": False,
        "can_be_refused": True,
    }
    assert of(view, "APPOINTMENT_CANCELLED", "EMAIL")["can_be_refused"] is False


@pytest.mark.parametrize("named", [True, False])
async def test_what_is_put_is_what_is_got(own: Own, named: bool) -> None:
    body = {
        "choices": [choice(REMINDER, "EMAIL", False), choice(REMINDER, "SMS", True)],
        "language": "hi",
        "time_zone": "Europe/Berlin",
        "quiet_hours": {"starts": "22:30", "ends": "07:00"},
        "reminder_offsets_minutes": [90, 2880],
    }
    put = await own.put(f"{PATH}/{own.account_id}" if named else PATH, json=body)
    assert put.status_code == 200, put.text
    got = (await own.get(f"{PATH}/{own.account_id}")).json()
    assert got == put.json()
    assert {name: got[name] for name in ("language", "time_zone", "quiet_hours")} == {
        name: body[name] for name in ("language", "time_zone", "quiet_hours")
    }
    assert got["reminder_offsets_minutes"] == [2880, 90]
    assert (of(got, REMINDER, "EMAIL")["enabled"], of(got, REMINDER, "SMS")["enabled"]) == (False, True)
    back = (await own.put(PATH, json={})).json()
    assert not any(each["chosen"] for each in back["choices"])
    assert back["reminder_offsets_minutes"] == [1440, 60, 15]


async def test_what_cannot_be_wanted_is_refused_by_field_and_changes_nothing(own: Own) -> None:
    body = {"language": "hi", "reminder_offsets_minutes": [4], "choices": [choice(REMINDER, "SMS", True)]}
    answer = await own.put(PATH, json=body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == ["reminder_offsets_minutes.0"]
    view = (await own.get(f"{PATH}/{own.account_id}")).json()
    assert view["language"] is None
    assert not any(each["chosen"] for each in view["choices"])


async def test_nobody_sees_or_changes_anybody_elses(own: Own, api: httpx.AsyncClient) -> None:
    other = f"{PATH}/{uuid4()}"
    for answer in (await own.get(other), await own.put(other, json={})):
        assert (answer.status_code, answer.json()["code"]) == (404, "preferences-not-found")
    for answer in (await api.get(other), await api.put(other, json={}), await api.put(PATH, json={})):
        assert answer.status_code == 401


async def test_every_change_is_on_record_once_with_its_text_and_nothing_takes_it_away(
    world: World, own: Own
) -> None:
    body = {"choices": [choice(REMINDER, "EMAIL", False)], "consent_text_version": "2026-11-22"}
    for _ in range(2):
        await own.put(PATH, json=body)
    await own.put(PATH, json={"choices": [choice("PAYMENT_RECEIPT", "SMS", True)]})
    assert await consents(world, own) == [
        (REMINDER, "EMAIL", False, "preferences", "2026-11-22"),
        (REMINDER, "EMAIL", True, "preferences", None),  # back to what everybody gets
        ("PAYMENT_RECEIPT", "SMS", True, "preferences", None),
    ]
    for statement in ("UPDATE notification_consents SET enabled = true", "DELETE FROM notification_consents"):
        with pytest.raises(asyncpg.PostgresError):
            await world.db.execute(statement)


async def test_other_reminders_are_planned_for_visits_that_stand_already(world: World, own: Own) -> None:
    visit = await world.visit(account_id=own.account_id)
    await world.events(confirmed(visit))
    assert await reminders(world, visit) == [(0, 15, "EMAIL"), (0, 60, "EMAIL"), (0, 1440, "EMAIL")]
    body = {"reminder_offsets_minutes": [90, 15], "choices": [choice(REMINDER, "SMS", True)]}
    for _ in range(2):
        await own.put(PATH, json=body)
    wanted = [(0, minutes, channel) for minutes in (15, 90) for channel in ("EMAIL", "SMS")]
    unwanted = [(0, 60, "EMAIL"), (0, 1440, "EMAIL")]  # stay queued; whether they leave is asked then
    assert await reminders(world, visit) == sorted(wanted + unwanted)
    moved = visit.starts_at + timedelta(hours=2)
    await world.events(rescheduled(visit, moved, revision=1))
    assert [each for each in await reminders(world, visit) if each[0] == 1] == [
        (1, minutes, channel) for _, minutes, channel in sorted(wanted)
    ]
    (ninety,) = await world.queue(visit, revision=1, offset_minutes=90, channel="SMS")
    assert ninety["due_at"] == moved - timedelta(minutes=90)


async def test_everything_is_planned_on_the_channels_that_were_chosen_and_on_no_other(
    world: World, own: Own
) -> None:
    choices = [
        choice("APPOINTMENT_CONFIRMED", "EMAIL", False),
        choice("APPOINTMENT_CONFIRMED", "SMS", True),
        choice("PAYMENT_RECEIPT", "EMAIL", False),
        choice("APPOINTMENT_RESCHEDULED", "SMS", True),
    ]
    await own.put(PATH, json={"choices": choices})
    visit = await world.visit(account_id=own.account_id)
    await world.events(confirmed(visit), paid(visit))
    rows = [row for row in await world.queue(visit, status="queued") if row["type"] != REMINDER]
    assert [(row["type"], row["channel"]) for row in rows] == [("APPOINTMENT_CONFIRMED", "SMS")]
    later, latest = (visit.starts_at + timedelta(hours=hours) for hours in (1, 2))
    await world.events(rescheduled(visit, later, 1), rescheduled(visit, latest, 2, before=later))
    world.appointments.change(visit.appointment_id, revision=2, starts_at=latest)
    await world.deliver()
    # What nobody heard of is told with the next move, once, though it waited on two channels.
    text = (await world.sandbox.texts(visit.phone))[0]["body"]
    for said in ((await world.only_mail(visit))["text"], text):
        assert "400.00 goes back" in said


async def test_no_reminder_is_planned_for_what_is_past_or_cancelled(world: World, own: Own) -> None:
    gone, soon = [await world.visit(account_id=own.account_id, starts_in=timedelta(hours=n)) for n in (30, 1)]
    await world.events(confirmed(gone), confirmed(soon))
    world.appointments.change(gone.appointment_id, status="cancelled")
    await world.events(cancelled(gone))
    await own.put(PATH, json={"reminder_offsets_minutes": [1440, 70, 30]})
    assert 70 not in {minutes for _, minutes, _ in await reminders(world, gone)}
    assert 70 not in {minutes for _, minutes, _ in await reminders(world, soon)}
    assert 30 in {minutes for _, minutes, _ in await reminders(world, soon)}
    await world.move(timedelta(hours=2))
    assert await world.db.run(forget_past_visits) == 1
    assert await world.db.fetchval("SELECT count(*) FROM upcoming_visits") == 0


async def test_whoever_turned_reminders_off_has_none_planned(world: World, own: Own) -> None:
    await own.put(PATH, json={"choices": [choice(REMINDER, "EMAIL", False)]})
    visit = await world.visit(account_id=own.account_id)
    await world.events(confirmed(visit))
    assert await reminders(world, visit) == []
    await own.put(PATH, json={})
    assert len(await reminders(world, visit)) == 3


async def test_the_audit_finds_a_wanted_reminder_that_is_missing_and_a_choice_without_consent(
    world: World, own: Own
) -> None:
    visit = await world.visit(account_id=own.account_id)
    await world.events(confirmed(visit))
    await own.put(PATH, json={"reminder_offsets_minutes": [90]})
    await world.deliver()
    owner = await asyncpg.connect(world.databases.owner_url("notifications"))
    try:
        await owner.execute("DELETE FROM scheduled_notifications WHERE offset_minutes = 90")
        await owner.execute(
            "INSERT INTO user_notification_preferences VALUES ($1, 'PAYMENT_RECEIPT', 'SMS', true)", uuid4()
        )
        found = set(await world.broken_promises())
        await owner.execute("DELETE FROM user_notification_preferences")
        await owner.execute("DELETE FROM upcoming_visits")
    finally:
        await owner.close()
    assert found == {"wanted-reminders-planned", "choices-agreed-to"}
