"""A real SMTP client against the sandbox's relay."""

from __future__ import annotations

import asyncio
import secrets
from email.message import EmailMessage

import aiosmtplib
import pytest

from tests.support.sandbox import Sandbox


def mail_to(address: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "clinic@example.com"
    message["To"] = address
    message["Subject"] = "आपकी मुलाक़ात – Tuesday"
    message["Message-ID"] = "<visit-1@example.com>"
    message.set_content("See you at 10:30 ₹0\n")
    message.add_alternative("<p>See you at 10:30</p>\n", subtype="html")
    message.add_attachment(b"BEGIN:VCALENDAR", maintype="text", subtype="calendar", filename="visit.ics")
    return message


async def deliver(sandbox: Sandbox, message: EmailMessage, **login: str) -> None:
    host, port = sandbox.smtp_address
    await aiosmtplib.send(
        message,
        hostname=host,
        port=port,
        start_tls=False,
        timeout=5,
        username=login.get("username"),
        password=login.get("password"),
    )


@pytest.fixture
def address() -> str:
    return f"patient-{secrets.token_hex(4)}@example.com"


async def test_a_mail_can_be_read_with_all_its_parts(sandbox: Sandbox, address: str) -> None:
    reading = asyncio.create_task(sandbox.mails(address.upper(), wait_seconds=10))
    await deliver(sandbox, mail_to(address))
    [mail] = await reading
    assert mail["to"] == [address]
    assert mail["from"] == "clinic@example.com"
    assert mail["subject"] == "आपकी मुलाक़ात – Tuesday"
    assert mail["message_id"] == "<visit-1@example.com>"
    assert mail["text"].strip() == "See you at 10:30 ₹0"
    assert mail["html"].strip() == "<p>See you at 10:30</p>"
    assert mail["attachments"] == ["visit.ics"]
    assert b"visit.ics" in await sandbox.raw_mail(mail["id"])


async def test_newest_first_and_only_what_came_after(sandbox: Sandbox, address: str) -> None:
    for _ in range(2):
        await deliver(sandbox, mail_to(address))
    newest, oldest = await sandbox.mails(address)
    assert newest["id"] > oldest["id"]
    assert await sandbox.mails(address, after=oldest["id"]) == [newest]


async def test_any_login_is_welcome(sandbox: Sandbox, address: str) -> None:
    await deliver(sandbox, mail_to(address), username="niyat", password="whatever")
    assert len(await sandbox.mails(address)) == 1


@pytest.mark.parametrize("stage", ["rcpt", "data"])
@pytest.mark.parametrize(("mode", "code"), [("4xx", 451), ("5xx", 550)])
async def test_a_refusal_keeps_nothing_and_passes(
    sandbox: Sandbox, address: str, mode: str, stage: str, code: int
) -> None:
    await sandbox.add_mail_fault(mode, stage=stage, to=address)  # type: ignore[arg-type]
    with pytest.raises(aiosmtplib.SMTPException) as refused:
        await deliver(sandbox, mail_to(address))
    assert str(code) in repr(refused.value)
    assert await sandbox.mails(address) == []
    await deliver(sandbox, mail_to(address))
    assert len(await sandbox.mails(address)) == 1


async def test_a_connection_dropped_after_data_leaves_the_mail_there(sandbox: Sandbox, address: str) -> None:
    await sandbox.add_mail_fault("drop-after-data", to=address)
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await deliver(sandbox, mail_to(address))
    assert len(await sandbox.mails(address, wait_seconds=5)) == 1
