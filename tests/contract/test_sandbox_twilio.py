"""Twilio's real SDK against the sandbox."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tests.support.sandbox import PhoneAccount, Sandbox


def client_of(sandbox: Sandbox, account: PhoneAccount) -> Client:
    client = Client(account.sid, account.auth_token, http_client=TwilioHttpClient(timeout=5))
    client.api.base_url = sandbox.twilio_url
    return client


async def send(client: Client, to: str, body: str = "Your code is 123456", **more: Any) -> Any:
    fields: dict[str, Any] = {"to": to, "from_": "+15005550006", "body": body} | more
    return await asyncio.to_thread(lambda: client.messages.create(**fields))


async def test_a_text_is_queued_and_arrives_on_the_phone(sandbox: Sandbox) -> None:
    account = await sandbox.register_phone()
    client = client_of(sandbox, account)
    reading = asyncio.create_task(sandbox.texts("+919876500001", wait_seconds=10))
    message = await send(client, "+919876500001", "आपका कोड 123456 है")
    assert (message.status, message.num_segments, message.error_code) == ("queued", "1", None)
    assert message.sid.startswith("SM")
    assert message.date_created is not None
    [arrived] = await reading
    assert (arrived["sid"], arrived["body"]) == (message.sid, "आपका कोड 123456 है")
    assert await sandbox.texts("+919876500001", after=arrived["id"]) == []


async def test_messages_are_listed_by_recipient(sandbox: Sandbox) -> None:
    client = client_of(sandbox, await sandbox.register_phone())
    wanted = await send(client, "+919876500002")
    await send(client, "+919876500003")
    listed = await asyncio.to_thread(lambda: client.messages.list(to="+919876500002"))
    assert [message.sid for message in listed] == [wanted.sid]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550002"}, 21612),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15005550009"}, 21614),
        ({"to": "98765"}, 21211),
        ({"to": "+919876500004", "from_": "+15005550007"}, 21606),
        ({"to": "+919876500004", "body": ""}, 21602),
        ({"to": "+919876500004", "body": "x" * 1601}, 21617),
    ],
)
async def test_a_bad_message_is_refused_with_its_code(
    sandbox: Sandbox, fields: dict[str, str], code: int
) -> None:
    client = client_of(sandbox, await sandbox.register_phone())
    with pytest.raises(TwilioRestException) as refused:
        await send(client, **fields)
    assert (refused.value.status, refused.value.code) == (400, code)


async def test_a_wrong_token_is_refused(sandbox: Sandbox) -> None:
    account = await sandbox.register_phone()
    client = client_of(sandbox, PhoneAccount(account.sid, "wrong"))
    with pytest.raises(TwilioRestException) as refused:
        await send(client, "+919876500005")
    assert (refused.value.status, refused.value.code) == (401, 20003)


async def test_after_a_lost_answer_the_text_is_found_by_its_recipient(sandbox: Sandbox) -> None:
    account = await sandbox.register_phone()
    client = client_of(sandbox, account)
    await sandbox.add_fault(account, "messages.create", "lose-answer")
    with pytest.raises(requests.exceptions.ConnectionError):
        await send(client, "+919876500006")
    assert len(await asyncio.to_thread(lambda: client.messages.list(to="+919876500006"))) == 1


async def test_too_many_requests(sandbox: Sandbox) -> None:
    account = await sandbox.register_phone()
    await sandbox.add_fault(account, "messages.create", "http-429")
    with pytest.raises(TwilioRestException) as refused:
        await send(client_of(sandbox, account), "+919876500007")
    assert (refused.value.status, refused.value.code) == (429, 20429)
