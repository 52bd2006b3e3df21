"""What providers say of messages that they took: in any order, twice, early, or made up by somebody."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from niyat.notifications.commands.apply_reports import forget_reports
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.ports import Receipt, SmsProvider, Text
from tests.integration.notifications.channels import BOUNCES, SECRET, TWILIO, Channels, every_channel
from tests.support.notifications import World
from tests.support.webhook_receiver import WebhookReceiver

EMAIL, SMS = NotificationChannel.EMAIL, NotificationChannel.SMS
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest_asyncio.fixture
async def channels(world: World, receiver: WebhookReceiver) -> AsyncIterator[Channels]:
    async with every_channel(world, receiver) as channels:
        yield channels


def mailbox(kind: str) -> str:
    return f"{kind}{secrets.token_hex(6)}@patient.example"


async def test_a_text_message_that_arrived_is_delivered(channels: Channels) -> None:
    told = await channels.tell(await channels.world.visit(), SMS)
    assert (await channels.one(told))["status"] == "sent"
    assert set(await channels.callbacks()) == {204}
    assert (await channels.one(told))["status"] == "delivered"


async def test_in_any_order_and_again_what_was_delivered_stays_delivered(channels: Channels) -> None:
    told = await channels.tell(await channels.world.visit(), SMS)
    await channels.callbacks(order="newest-first")
    assert (await channels.one(told))["status"] == "delivered"
    await channels.callbacks(order="shuffled", again=True)
    assert [status for status, _, _ in await channels.attempts(told)][-2:] == ["sent", "delivered"]


@pytest.mark.failure_row(50)
async def test_a_text_message_that_never_arrived_is_told_by_mail(channels: Channels) -> None:
    visit = await channels.world.visit(phone="+15005530003")
    told = await channels.tell(visit, SMS)
    await channels.callbacks()
    assert ("failed", "SMS", "twilio-30003") in await channels.attempts(told)
    assert (await channels.one(told))["status"] == "sent"
    assert len(await channels.world.sandbox.mails(visit.email)) == 1
    assert await channels.suppressed() == []  # the phone was off; tomorrow it may be on


@pytest.mark.failure_row(50)
async def test_a_number_out_of_service_gets_nothing_any_more(channels: Channels) -> None:
    visit = await channels.world.visit(phone="+15005530005")
    await channels.tell(visit, SMS)
    await channels.callbacks()
    (row,) = await channels.suppressed()
    assert (row["channel"], row["cause"], row["error_code"]) == ("SMS", "not-reachable", "twilio-30005")
    before = len(await channels.world.sandbox.texts("+15005530005"))
    told = await channels.tell(visit, SMS)
    assert len(await channels.world.sandbox.texts("+15005530005")) == before
    assert ((await channels.one(told))["channel"], (await channels.one(told))["status"]) == ("EMAIL", "sent")


async def test_what_is_said_before_we_wrote_that_it_was_sent_counts_all_the_same(channels: Channels) -> None:
    class SaysSoAtOnce:
        """Twilio's callbacks are here before its answer is."""

        def __init__(self, sms: SmsProvider) -> None:
            self.sms = sms

        async def send(self, text: Text) -> Receipt:
            receipt = await self.sms.send(text)
            await channels.world.sandbox.flush_posts(channels.world.phone.sid)
            for received in channels.receiver.received:
                await channels.api.post(TWILIO, content=received.body, headers=received.headers)
            return receipt

    assert channels.parts.sms is not None
    channels.parts = replace(channels.parts, sms=SaysSoAtOnce(channels.parts.sms))
    told = await channels.tell(await channels.world.visit(), SMS)
    await channels.act()
    assert (await channels.one(told))["status"] == "delivered"


@pytest.mark.parametrize("forged", ["", "garbage", "gärbage"])
async def test_what_twilio_did_not_sign_is_refused(channels: Channels, forged: str) -> None:
    told = await channels.tell(await channels.world.visit(), SMS)
    (log,) = [row for row in await channels.world.log(told) if row["status"] == "sent"]
    body = f"MessageSid={log['provider_message_id']}&MessageStatus=delivered"
    headers = FORM | ({"x-twilio-signature": forged.encode("latin-1")} if forged else {})
    answer = await channels.api.post(TWILIO, content=body, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (403, "report-not-genuine")
    await channels.act()
    assert (await channels.one(told))["status"] == "sent"


async def test_a_message_that_was_never_ours_changes_nothing_and_is_forgotten(channels: Channels) -> None:
    """The same account at Twilio sends for another system too: signed, and unknown here."""
    assert channels.parts.sms is not None
    await channels.parts.sms.send(Text(to="+919812345678", text="From elsewhere", maybe_sent_since=None))
    told = await channels.tell(await channels.world.visit(phone=None), EMAIL)
    assert set(await channels.callbacks()) == {204}
    assert (await channels.one(told))["status"] == "sent"
    assert await channels.world.db.fetchval("SELECT count(*) FROM provider_reports") == 1
    await channels.world.move(timedelta(days=2))
    assert await channels.world.db.run(forget_reports) == 1


@pytest.mark.failure_row(50)
async def test_a_mail_that_comes_back_ends_mails_to_that_address(channels: Channels) -> None:
    visit = await channels.world.visit(email=mailbox("returned-unknown"), phone=None)
    told = await channels.tell(visit, EMAIL)
    assert await channels.comes_back(1) == [204]
    assert (await channels.one(told))["status"] == "failed"
    (row,) = await channels.suppressed()
    assert (row["channel"], row["cause"], row["error_code"]) == ("EMAIL", "hard-bounce", "dsn-5.1.1")
    assert row["account_id"] == visit.patient_id
    address = channels.world.accounts.known[visit.patient_id].email
    assert address is not None
    assert address not in await channels.world.every_word_stored()
    before = len(await channels.world.sandbox.mails(address))
    await channels.tell(visit, EMAIL)
    assert len(await channels.world.sandbox.mails(address)) == before


async def test_a_full_mailbox_fails_one_mail_and_not_the_address(channels: Channels) -> None:
    visit = await channels.world.visit(email=mailbox("returned-full"), phone=None)
    told = await channels.tell(visit, EMAIL)
    assert await channels.comes_back(1) == [204]
    assert ((await channels.one(told))["status"], await channels.suppressed()) == ("failed", [])


async def test_a_mail_that_came_back_is_told_by_text_message(channels: Channels) -> None:
    visit = await channels.world.visit(email=mailbox("returned-unknown"))
    told = await channels.tell(visit, EMAIL)
    await channels.comes_back(1)
    assert ((await channels.one(told))["channel"], (await channels.one(told))["status"]) == ("SMS", "sent")
    assert len(await channels.world.sandbox.texts(visit.phone)) == 1


async def test_nobody_can_have_anothers_address_silenced(channels: Channels) -> None:
    """With the mark of a mail of one's own, or with one made up."""
    mine = await channels.world.visit(email=mailbox("returned-unknown"), phone=None)
    victim = await channels.world.visit()
    told = await channels.tell(victim, EMAIL)
    await channels.tell(mine, EMAIL)
    await channels.receiver.wait_for(1, 30)
    report = channels.receiver.received[0].body
    own = (channels.world.accounts.known[mine.patient_id].email or "").encode()
    for forged in (report.replace(own, victim.email.encode()), report.replace(b"bounces+", b"bounces+aaaa")):
        answer = await channels.api.post(BOUNCES, content=forged, headers={"x-bounces-secret": SECRET})
        assert answer.status_code == 204
    await channels.act()
    assert await channels.suppressed() == []
    assert (await channels.one(told))["status"] == "sent"


@pytest.mark.parametrize("secret", ["", "wrong", "wröng"])
async def test_only_our_mail_server_may_say_what_came_back(channels: Channels, secret: str) -> None:
    headers = {"x-bounces-secret": secret.encode("latin-1")} if secret else {}
    answer = await channels.api.post(BOUNCES, content=b"x", headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (403, "report-not-genuine")


@pytest.mark.parametrize("letter", [b"", b"\xff\x00", b"Subject: On holiday\r\n\r\nBack on Monday"])
async def test_other_mail_to_the_return_path_changes_nothing(channels: Channels, letter: bytes) -> None:
    answer = await channels.api.post(BOUNCES, content=letter, headers={"x-bounces-secret": SECRET})
    assert answer.status_code == 204


async def test_a_report_without_end_is_refused(channels: Channels) -> None:
    answer = await channels.api.post(BOUNCES, content=b"x" * 1_000_001, headers={"x-bounces-secret": SECRET})
    assert (answer.status_code, answer.json()["code"]) == (400, "report-malformed")


async def test_a_form_of_too_many_fields_is_refused(channels: Channels) -> None:
    fields = "&".join(f"Field{n}=x" for n in range(101))
    answer = await channels.api.post(TWILIO, content=fields, headers=FORM)
    assert (answer.status_code, answer.json()["code"]) == (400, "report-malformed")
