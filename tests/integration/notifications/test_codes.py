"""Sign-in codes: at once, once, and nowhere to be read afterwards."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from niyat.kernel.jobs import JobRunner
from niyat.notifications.commands.queue_code import queue_code
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.jobs import jobs
from niyat.notifications.ports import Mail, Receipt
from niyat.notifications.sealing import Code, Seal
from tests.support.notifications import World, service_over
from tests.support.tokens import Signer

SIGNER = Signer()
CODE = "829306"


@pytest_asyncio.fixture
async def api(world: World) -> Any:
    async with service_over(world, SIGNER) as (service, http):
        http.headers.update(SIGNER.bearer("service", service="identity"))
        runner = JobRunner(service.jobs)
        runner.start()
        yield http
        await runner.stop()


async def form(world: World, **different: Any) -> dict[str, Any]:
    fields = {
        "challenge_id": str(uuid4()),
        "channel": "SMS",
        "address": f"+9197{secrets.randbelow(10**8):08d}",
        "code": CODE,
        "expires_at": (await world.now() + timedelta(minutes=5)).isoformat(),
        "language": "en",
    }
    return fields | different


async def test_a_code_leaves_at_once_by_text_message(world: World, api: httpx.AsyncClient) -> None:
    asked = await form(world)
    assert (await api.post("/internal/codes", json=asked)).status_code == 202
    (text,) = await world.sandbox.texts(asked["address"], wait_seconds=10)
    assert CODE in text["body"]


async def test_a_code_leaves_at_once_by_mail(world: World, api: httpx.AsyncClient) -> None:
    asked = await form(world, channel="EMAIL", address=f"{uuid4().hex}@patient.example")
    assert (await api.post("/internal/codes", json=asked)).status_code == 202
    (mail,) = await world.sandbox.mails(asked["address"], wait_seconds=10)
    assert CODE in mail["text"]
    assert CODE not in mail["subject"]


async def test_the_same_challenge_is_sent_once(world: World, api: httpx.AsyncClient) -> None:
    asked = await form(world)
    for _ in range(3):
        assert (await api.post("/internal/codes", json=asked)).status_code == 202
    await world.sandbox.texts(asked["address"], wait_seconds=10)
    await world.deliver()
    assert len(await world.sandbox.texts(asked["address"])) == 1


async def test_a_code_can_be_read_nowhere_but_on_the_phone(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    async with service_over(world, SIGNER) as (_, http):
        asked = await form(world)
        with capture_logs() as logs:
            await http.post(
                "/internal/codes", json=asked, headers=SIGNER.bearer("service", service="identity")
            )
            while_queued = await world.every_word_stored()
            await world.deliver()
        afterwards = await world.every_word_stored()
    for words in (while_queued, afterwards, str(logs), str(capfd.readouterr())):
        assert CODE not in words
        assert asked["address"] not in words
    (row,) = await world.queue(type="SIGN_IN_CODE")
    assert (row["status"], row["sealed"]) == ("sent", None)
    assert (await world.log(row["id"]))[0]["address_masked"].endswith(asked["address"][-4:])


async def test_a_code_that_lapsed_is_never_sent(world: World) -> None:
    async with service_over(world, SIGNER) as (_, http):
        asked = await form(world)
        await http.post("/internal/codes", json=asked, headers=SIGNER.bearer("service", service="identity"))
    await world.move(timedelta(minutes=5))
    await world.deliver()
    assert await world.sandbox.texts(asked["address"]) == []
    (row,) = await world.queue(type="SIGN_IN_CODE")
    assert (row["status"], row["sealed"]) == ("missed", None)


@pytest.mark.parametrize("kind", ["lose-answer", "timeout-after"])
async def test_a_text_message_whose_answer_was_lost_is_found_and_not_sent_again(
    world: World, kind: Any
) -> None:
    await world.sandbox.add_fault(world.phone, "messages.create", kind, seconds=4)
    asked = await queue_one(world)
    (row,) = await world.queue(type="SIGN_IN_CODE")
    assert (row["status"], row["unknown_since"] is None) == ("queued", False)
    await world.move(timedelta(seconds=20))
    await world.deliver()
    (text,) = await world.sandbox.texts(asked["address"])
    (row,) = await world.queue(type="SIGN_IN_CODE")
    assert row["status"] == "sent"
    assert (await world.log(row["id"]))[-1]["provider_message_id"] == text["sid"]


@pytest.mark.parametrize("kind", ["lose-request", "http-502-html", "http-500-json", "http-429"])
async def test_a_text_message_that_was_not_taken_is_sent_again(world: World, kind: Any) -> None:
    await world.sandbox.add_fault(world.phone, "messages.create", kind)
    asked = await queue_one(world)
    assert await world.sandbox.texts(asked["address"]) == []
    await world.move(timedelta(seconds=20))
    await world.deliver()
    assert len(await world.sandbox.texts(asked["address"])) == 1


async def test_while_twilio_cannot_say_whether_it_has_the_message_nothing_is_sent(world: World) -> None:
    await world.sandbox.add_fault(world.phone, "messages.create", "lose-answer")
    await world.sandbox.add_fault(world.phone, "messages.list", "http-500-json", times=2)
    asked = await queue_one(world)
    for _ in range(3):
        await world.move(timedelta(seconds=20))
        await world.deliver()
    assert len(await world.sandbox.texts(asked["address"])) == 1
    (row,) = await world.queue(type="SIGN_IN_CODE")
    assert (row["status"], row["tries"]) == ("sent", 4)


async def test_a_number_that_cannot_get_text_messages_fails_at_once(world: World) -> None:
    await queue_one(world, address="+15005550009")
    (row,) = await world.queue(type="SIGN_IN_CODE")
    assert (row["status"], row["last_error"], row["sealed"]) == ("failed", "twilio-21614", None)


async def test_a_code_sealed_with_another_key_fails_and_says_why(world: World) -> None:
    async with service_over(world, SIGNER, seal=Seal("another key, of enough characters")) as (_, http):
        await http.post(
            "/internal/codes", json=await form(world), headers=SIGNER.bearer("service", service="identity")
        )
    await world.deliver()
    (row,) = await world.queue(type="SIGN_IN_CODE")
    assert (row["status"], row["last_error"]) == ("failed", "sealed-elsewhere")


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "PUSH"},
        {"address": "12345"},
        {"channel": "EMAIL", "address": "nobody"},
        {"code": "1"},
        {"expires_at": "2026-01-01T00:00:00"},
        {"expires_at": "9999-12-31T23:59:59-12:00"},
        {"language": "English"},
        {"more": 1},
    ],
)
async def test_a_malformed_code_is_refused_without_repeating_it(world: World, wrong: dict[str, Any]) -> None:
    async with service_over(world, SIGNER) as (_, http):
        headers = SIGNER.bearer("service", service="identity")
        answer = await http.post("/internal/codes", json=await form(world, **wrong), headers=headers)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid-request"
    assert CODE not in answer.text


async def test_only_identity_may_send_codes(world: World) -> None:
    async with service_over(world, SIGNER) as (_, http):
        asked = await form(world)
        assert (await http.post("/internal/codes", json=asked)).status_code == 401
        for headers in (SIGNER.bearer("admin"), SIGNER.bearer("service", service="payments")):
            assert (await http.post("/internal/codes", json=asked, headers=headers)).status_code == 403


async def test_where_text_messages_are_off_a_code_by_text_message_is_refused(world: World) -> None:
    async with service_over(world, SIGNER, sms_enabled=False) as (_, http):
        headers = SIGNER.bearer("service", service="identity")
        answer = await http.post("/internal/codes", json=await form(world), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "channel-disabled")


async def queue_one(world: World, **different: Any) -> dict[str, Any]:
    """A code by text message, tried once."""
    asked = await form(world, **different)
    async with service_over(world, SIGNER) as (_, http):
        await http.post("/internal/codes", json=asked, headers=SIGNER.bearer("service", service="identity"))
    await world.deliver()
    return asked


class Hanging:
    """A mail server that takes a mail and says nothing, until it is let go."""

    def __init__(self) -> None:
        self.asked, self.let_go = asyncio.Event(), asyncio.Event()

    async def send(self, mail: Mail) -> Receipt:
        self.asked.set()
        await self.let_go.wait()
        return Receipt("smtp", None)


async def test_a_mail_server_that_hangs_holds_up_no_code_by_text_message(world: World) -> None:
    server = Hanging()
    runner = JobRunner(jobs(replace(world.parts, email=server)))
    runner.start()

    async def ask_for(channel: NotificationChannel, address: str) -> None:
        sealed = world.parts.seal.close(Code(address, CODE))
        lapses = await world.now() + timedelta(minutes=5)
        await world.db.run(queue_code, uuid4(), channel, sealed=sealed, language="en", expires_at=lapses)

    await ask_for(NotificationChannel.EMAIL, f"{uuid4().hex}@patient.example")
    await asyncio.wait_for(server.asked.wait(), 30)
    number = f"+9197{secrets.randbelow(10**8):08d}"
    await ask_for(NotificationChannel.SMS, number)
    arrived = await world.sandbox.texts(number, wait_seconds=10)
    server.let_go.set()
    await runner.stop()
    assert len(arrived) == 1
