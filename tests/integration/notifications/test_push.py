"""Push messages: to every device of a person, until a device says that it is gone."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from niyat.notifications.commands.register_device import register_device
from niyat.notifications.domain import DevicePlatform, NotificationChannel
from tests.integration.notifications.channels import Channels, every_channel
from tests.support.notifications import World, tokens_of
from tests.support.notifications_visits import Visit
from tests.support.webhook_receiver import WebhookReceiver

PUSH = NotificationChannel.PUSH


@pytest_asyncio.fixture
async def channels(world: World, receiver: WebhookReceiver) -> AsyncIterator[Channels]:
    async with every_channel(world, receiver) as channels:
        yield channels


async def device(channels: Channels, visit: Visit, fate: str = "") -> str:
    token = fate + secrets.token_hex(16)
    await channels.world.db.run(register_device, visit.patient_id, token, DevicePlatform.ANDROID)
    return token


async def test_every_device_of_a_person_shows_it(channels: Channels) -> None:
    visit = await channels.world.visit()
    tokens = [await device(channels, visit) for _ in range(2)]
    told = await channels.tell(visit, PUSH)
    assert await channels.attempts(told) == [("queued", "PUSH", None), ("sent", "PUSH", None)]
    for token in tokens:
        (push,) = await channels.world.sandbox.pushes(token)
        assert push["data"]["appointment_id"] == str(visit.appointment_id)


@pytest.mark.failure_row(50)
async def test_a_device_that_is_gone_is_forgotten_and_the_others_are_told(channels: Channels) -> None:
    visit = await channels.world.visit()
    await device(channels, visit, "unregistered-")
    await device(channels, visit, "mismatch-")
    there = await device(channels, visit)
    told = await channels.tell(visit, PUSH)
    assert (await channels.one(told))["status"] == "sent"
    assert await tokens_of(channels.world.db, visit.patient_id) == [there]


@pytest.mark.failure_row(50)
async def test_when_every_device_is_gone_another_channel_takes_over(channels: Channels) -> None:
    visit = await channels.world.visit()
    await device(channels, visit, "unregistered-")
    told = await channels.tell(visit, PUSH)
    assert ((await channels.one(told))["channel"], (await channels.one(told))["status"]) == ("EMAIL", "sent")
    assert await tokens_of(channels.world.db, visit.patient_id) == []


async def test_a_busy_service_is_asked_again_when_it_says_so(channels: Channels) -> None:
    visit = await channels.world.visit()
    await device(channels, visit, "quota-")
    told = await channels.tell(visit, PUSH)
    row = await channels.one(told)
    assert (row["status"], row["last_error"]) == ("queued", "fcm-QUOTA_EXCEEDED")
    wait = await channels.world.db.fetchval("SELECT $1::timestamptz - niyat_now()", row["next_at"])
    assert wait.total_seconds() > 20  # it said 30
