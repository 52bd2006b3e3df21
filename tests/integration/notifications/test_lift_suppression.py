"""Addresses that nothing is sent to, as staff see them, and how they are written to again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from niyat.notifications.commands.suppress import suppress
from niyat.notifications.domain import NotificationChannel, SuppressionCause
from tests.integration.notifications.channels import SIGNER, Channels, every_channel
from tests.support.notifications import World
from tests.support.notifications_visits import Visit
from tests.support.webhook_receiver import WebhookReceiver

EMAIL = NotificationChannel.EMAIL
PATH = "/api/v1/notifications/suppressed-addresses"


@pytest_asyncio.fixture
async def channels(world: World, receiver: WebhookReceiver) -> AsyncIterator[Channels]:
    async with every_channel(world, receiver) as channels:
        yield channels


async def silenced(channels: Channels) -> tuple[Visit, UUID]:
    """A visit whose patient's mailbox was not there, and the notification that said so."""
    visit = await channels.world.visit(phone=None)
    told = await channels.tell(visit, EMAIL)
    await channels.world.db.run(
        suppress,
        channels.parts.addresses.keep(EMAIL, visit.email.upper()),
        cause=SuppressionCause.HARD_BOUNCE,
        error_code="dsn-5.1.1",
        notification_id=told,
    )
    return visit, told


async def test_an_admin_sees_whom_nothing_is_sent_to_and_why(channels: Channels) -> None:
    visit, told = await silenced(channels)
    await silenced(channels)
    query = {"account_id": str(visit.patient_id)}
    page = (await channels.api.get(PATH, params=query, headers=SIGNER.bearer("admin"))).json()
    (item,) = page["items"]
    assert item["notification_id"] == str(told)
    assert (item["cause"], item["error_code"]) == ("hard-bounce", "dsn-5.1.1")
    assert visit.email.lower() not in str(page).lower()
    for who in (SIGNER.bearer("patient"), SIGNER.bearer("doctor")):
        assert (await channels.api.get(PATH, headers=who)).status_code == 403


async def test_pages_of_addresses_follow_one_another(channels: Channels) -> None:
    for _ in range(3):
        await silenced(channels)
    admin = SIGNER.bearer("admin")
    first = (await channels.api.get(PATH, params={"limit": 2}, headers=admin)).json()
    rest = {"limit": 2, "cursor": first["next_cursor"]}
    second = (await channels.api.get(PATH, params=rest, headers=admin)).json()
    assert (len(first["items"]), len(second["items"]), second["next_cursor"]) == (2, 1, None)


async def test_an_address_is_written_to_again_when_an_admin_says_why(channels: Channels) -> None:
    visit, _ = await silenced(channels)
    (row,) = await channels.suppressed()
    path, reason = f"{PATH}/{row['id']}/lift", {"reason": "The mailbox works again"}
    for who in (SIGNER.bearer("patient"), SIGNER.bearer("doctor")):
        assert (await channels.api.post(path, json=reason, headers=who)).status_code == 403
    admin_id = uuid4()
    admin = SIGNER.bearer("admin", account_id=admin_id)
    assert (await channels.api.post(path, json={}, headers=admin)).status_code == 422
    before = len(await channels.world.sandbox.mails(visit.email))
    await channels.tell(visit, EMAIL)
    assert len(await channels.world.sandbox.mails(visit.email)) == before
    assert (await channels.api.post(path, json=reason, headers=admin)).status_code == 204
    assert (await channels.api.post(path, json=reason, headers=admin)).status_code == 404
    log = await channels.world.db.fetchrow("SELECT * FROM audit_log")
    assert log is not None
    assert (log["actor_id"], log["action"], log["reason"]) == (
        admin_id,
        "lift-suppression",
        reason["reason"],
    )
    await channels.tell(visit, EMAIL)
    assert len(await channels.world.sandbox.mails(visit.email)) == before + 1


@pytest.mark.failure_row(50)
async def test_who_answered_stop_gets_no_text_message_any_more(channels: Channels) -> None:
    visit = await channels.world.visit()
    await channels.world.sandbox.opt_out(visit.phone)
    told = await channels.tell(visit, NotificationChannel.SMS)
    (row,) = await channels.suppressed()
    assert (row["channel"], row["cause"], row["error_code"]) == ("SMS", "opted-out", "twilio-21610")
    assert (await channels.one(told))["channel"] == "EMAIL"
    await channels.world.sandbox.opt_out(visit.phone, opted_out=False)
    await channels.tell(visit, NotificationChannel.SMS)
    assert await channels.world.sandbox.texts(visit.phone) == []
