"""When a channel does not work, what counts is what became of the others: told once, and never not at all."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from niyat.events.catalogue import RefundCompleted, RefundInitiated
from niyat.kernel.db import Connection
from niyat.notifications.commands.claim import Lane
from niyat.notifications.commands.deliver import deliver_lane
from niyat.notifications.commands.register_device import register_device
from niyat.notifications.commands.remove_device import remove_device
from niyat.notifications.commands.set_preferences import Consent, unsubscribe
from niyat.notifications.domain import DevicePlatform, NotificationChannel, NotificationType
from tests.integration.notifications.channels import Channels, every_channel
from tests.integration.notifications.test_last_check import quiet_now
from tests.integration.notifications.test_offers import offered
from tests.support.notifications import World
from tests.support.notifications_visits import Visit, about_money, cancelled, confirmed, paid
from tests.support.webhook_receiver import WebhookReceiver

EMAIL, SMS, PUSH = NotificationChannel
NT = NotificationType
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@pytest_asyncio.fixture
async def channels(world: World, receiver: WebhookReceiver) -> AsyncIterator[Channels]:
    async with every_channel(world, receiver) as channels:
        yield channels


async def device(world: World, visit: Visit, fate: str = "") -> str:
    token = fate + secrets.token_hex(16)
    await world.db.run(register_device, visit.patient_id, token, DevicePlatform.ANDROID)
    return token


async def refuse(world: World, account_id: UUID, kind: NT, *channels: NotificationChannel) -> None:
    for channel in channels:
        await world.db.run(unsubscribe, account_id, kind, channel, Consent(way="preferences"))


async def ends(world: World, visit: Visit) -> dict[str, tuple[str, str | None]]:
    """By the channel on which it was planned, how it ended and why."""
    rows = await world.queue(visit)
    return {row["dedupe_key"].rpartition(":")[2]: (row["status"], row["last_error"]) for row in rows}


async def test_a_cancellation_reaches_by_its_last_resort_whoever_turned_that_off(world: World) -> None:
    visit = await world.visit(email=None)
    await refuse(world, visit.patient_id, NT.APPOINTMENT_CANCELLED, SMS)
    world.appointments.change(visit.appointment_id, status="cancelled")
    await world.events(cancelled(visit))
    await world.deliver()
    assert await world.states(visit) == {"APPOINTMENT_CANCELLED": ["sent"]}
    assert len(await world.sandbox.texts(visit.phone)) == 1


async def test_a_refused_channel_comes_after_every_other(channels: Channels) -> None:
    world = channels.world
    visit = await world.visit(email=None)
    world.appointments.change(visit.appointment_id, status="cancelled")
    await world.events(cancelled(visit))
    await refuse(world, visit.patient_id, NT.APPOINTMENT_CANCELLED, SMS)
    shown = await device(world, visit)
    await channels.act()
    assert len(await world.sandbox.pushes(shown)) == 1
    assert await world.sandbox.texts(visit.phone) == []


async def test_a_receipt_that_came_back_stays_failed_where_the_other_channel_was_refused(
    channels: Channels,
) -> None:
    world = channels.world
    visit = await world.visit(email=f"returned-unknown{secrets.token_hex(6)}@patient.example")
    await refuse(world, visit.patient_id, NT.PAYMENT_RECEIPT, SMS, PUSH)
    await world.events(paid(visit))
    await channels.act()
    await channels.comes_back(1)
    assert await ends(world, visit) == {"EMAIL": ("failed", "dsn-5.1.1")}


@pytest.mark.parametrize("kind", ["receipt", "reminder"])
async def test_what_can_arrive_on_no_planned_channel_is_told_once_on_another(world: World, kind: str) -> None:
    visit = await world.visit(email=None)
    await device(world, visit)  # push messages are switched off meanwhile
    if kind == "receipt":
        await world.events(paid(visit))
    else:
        await refuse(world, visit.patient_id, NT.APPOINTMENT_CONFIRMED, SMS, PUSH)
        await world.events(confirmed(visit))
        await world.deliver()
        await world.move(timedelta(days=2, minutes=1))
    before = len(await world.sandbox.texts(visit.phone))
    await world.deliver()
    assert len(await world.sandbox.texts(visit.phone)) == before + 1


async def test_a_device_that_is_gone_is_no_reason_for_a_text_message_beside_the_mail(
    channels: Channels,
) -> None:
    world = channels.world
    visit = await world.visit()
    await device(world, visit, "unregistered-")
    await world.events(paid(visit))
    await channels.act()
    assert await ends(world, visit) == {"EMAIL": ("sent", None), "PUSH": ("failed", "fcm-UNREGISTERED")}
    assert await world.sandbox.texts(visit.phone) == []


async def test_when_mail_and_device_fail_at_once_one_text_message_tells_it(channels: Channels) -> None:
    world = channels.world
    visit = await world.visit()
    await device(world, visit, "unregistered-")
    await world.sandbox.add_mail_fault("5xx", to=visit.email)
    await world.events(paid(visit))
    await channels.act()
    assert len(await world.sandbox.texts(visit.phone)) == 1
    assert sorted(status for status, _ in (await ends(world, visit)).values()) == ["failed", "sent"]


@pytest.mark.failure_row(50)
async def test_a_mail_that_comes_back_is_told_by_text_message_where_the_device_left_it_to_the_mail(
    channels: Channels,
) -> None:
    world = channels.world
    visit = await world.visit(email=f"returned-unknown{secrets.token_hex(6)}@patient.example")
    token = await device(world, visit)
    await world.events(paid(visit))
    await world.db.run(remove_device, visit.patient_id, token)
    await channels.act()
    assert await ends(world, visit) == {"EMAIL": ("sent", None), "PUSH": ("suppressed", "told-elsewhere")}
    await channels.comes_back(1)
    assert len(await world.sandbox.texts(visit.phone)) == 1


async def test_a_reminder_planned_at_this_moment_where_another_was_to_go_is_told_there(world: World) -> None:
    visit = await world.visit(email=None)
    await world.events(confirmed(visit))
    await world.deliver()
    await world.move(timedelta(days=2, minutes=1))
    before = len(await world.sandbox.texts(visit.phone))
    async with world.db.pool.acquire() as conn:
        theirs = conn.transaction()
        await theirs.start()
        await _planned_on_sms(conn, visit)
        lane = asyncio.create_task(deliver_lane(world.parts, Lane.EMAIL))
        while not (lane.done() or await world.db.fetchval(WAITING)):
            pass
        await theirs.commit()
    await lane
    await world.deliver()
    assert len(await world.sandbox.texts(visit.phone)) == before + 1


async def _planned_on_sms(conn: Connection, visit: Visit) -> None:
    await conn.execute(
        "INSERT INTO scheduled_notifications (id, type, channel, account_id, appointment_id, revision, "
        "offset_minutes, dedupe_key, due_at, next_at, too_late_at) "
        "SELECT $1, type, 'SMS', account_id, appointment_id, revision, offset_minutes, "
        "replace(dedupe_key, ':EMAIL', ':SMS'), due_at, next_at, too_late_at "
        "FROM scheduled_notifications WHERE appointment_id = $2 AND offset_minutes = 1440",
        uuid4(),
        visit.appointment_id,
    )


@pytest.mark.failure_row(50)
async def test_once_mail_is_up_again_the_calendar_hears_of_a_cancellation_told_by_text_message(
    world: World,
) -> None:
    visit = await world.visit()
    world.appointments.change(visit.appointment_id, status="cancelled")
    await world.sandbox.add_mail_fault("4xx", times=100, stage="rcpt", to=visit.email)
    await world.events(cancelled(visit))
    for _ in range(6):
        await world.deliver()
        await world.move(timedelta(minutes=10))
    assert len(await world.sandbox.texts(visit.phone)) == 1
    await world.sandbox.clear_mail_faults()
    await world.move(timedelta(hours=2))
    await world.deliver()
    assert await ends(world, visit) == {"EMAIL": ("sent", None), "SMS": ("sent", None)}
    assert (await world.only_mail(visit))["attachments"] == ["invite.ics"]
    assert len(await world.sandbox.texts(visit.phone)) == 1


async def test_a_confirmation_of_a_visit_before_the_morning_does_not_wait_for_it(world: World) -> None:
    tonight, later = await world.visit(starts_in=timedelta(minutes=20)), await world.visit()
    for visit in (tonight, later):
        await quiet_now(world, visit.patient_id)
    await world.events(confirmed(tonight), confirmed(later))
    await world.deliver()
    assert (await world.states(tonight))["APPOINTMENT_CONFIRMED"] == ["sent"]
    (waits,) = await world.queue(later, type="APPOINTMENT_CONFIRMED")
    assert (waits["status"], waits["last_error"]) == ("queued", "quiet-hours")


async def test_an_offer_that_lapses_before_the_morning_does_not_wait_for_it(world: World) -> None:
    account_id = uuid4()
    await quiet_now(world, account_id)
    visit = await offered(world, account_id=account_id)
    await world.deliver()
    assert await world.states(visit) == {"WAITLIST_OFFERED": ["sent", "sent"]}


async def test_a_refund_is_not_on_its_way_once_it_is_there_to_whoever_turned_off_the_latter(
    world: World,
) -> None:
    visit = await world.visit()
    refund = {"refund_id": uuid4(), "reason_code": "cancelled"}
    await refuse(world, visit.patient_id, NT.REFUND_COMPLETED, EMAIL)
    completed = about_money(RefundCompleted, visit, **refund)
    await world.events(about_money(RefundInitiated, visit, **refund), completed)
    await world.events(completed)  # once more
    await world.deliver()
    rows = {row["type"]: (row["status"], row["last_error"]) for row in await world.queue(visit)}
    assert rows == {
        "REFUND_INITIATED": ("suppressed", "superseded"),
        "REFUND_COMPLETED": ("suppressed", "opted-out"),
    }
    assert await world.subjects(visit) == []
