"""What every provider must do with a message, on every channel: one suite, `tests/contract/test_channels.py`, for all.

A rig is one adapter over its stand-in: it can make the stand-in do each thing that providers do, and says what
arrived.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from pydantic import SecretStr

from niyat.notifications.adapters.fcm import FcmPushProvider
from niyat.notifications.adapters.smtp import SmtpEmailProvider
from niyat.notifications.adapters.smtp_connections import SmtpServer
from niyat.notifications.adapters.twilio import TwilioSmsProvider
from niyat.notifications.ports import Mail, Push, Receipt, Text
from niyat.notifications.providers import FcmSettings, TwilioSettings
from tests.support.sandbox import Sandbox

TIMEOUT_SECONDS = 3.0
SENDER = "Sunrise Clinic <no-reply@clinic.example>"


class Rig(ABC):
    """`gone` begins an address that takes nothing any more, `unwilling` one that refuses this message alone."""

    gone: str
    unwilling: str

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    @abstractmethod
    def address(self, kind: str = "") -> str:
        """A new one, of a kind."""

    @abstractmethod
    async def send(self, address: str, words: str, *, again: bool = False) -> Receipt:
        """`again`: an attempt before this one may have been taken."""

    @abstractmethod
    async def arrived(self, address: str) -> list[str]:
        """What a person there sees, words alone."""

    @abstractmethod
    async def busy(self, address: str) -> None:
        """The next message is not taken now."""

    @abstractmethod
    async def lose_answer(self, address: str) -> None:
        """The next message is taken, and nobody says so."""

    @abstractmethod
    async def close(self) -> None: ...


class MailRig(Rig):
    gone, unwilling = "no-such-mailbox", "blocked"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        host, port = sandbox.smtp_address
        server = SmtpServer(host=host, port=port, tls="none", timeout_seconds=TIMEOUT_SECONDS)
        self.provider = SmtpEmailProvider(server, SENDER)
        self._ids: dict[str, str] = {}

    def address(self, kind: str = "") -> str:
        return f"{kind}{secrets.token_hex(8)}@patient.example"

    async def send(self, address: str, words: str, *, again: bool = False) -> Receipt:
        return await self.provider.send(self.mail(address, words))

    def mail(self, address: str, words: str) -> Mail:
        message_id = self._ids.setdefault(address + words, f"<{uuid4()}@clinic.example>")
        return Mail(
            to=address, subject=words, text=words, html="", message_id=message_id, date=datetime.now(UTC)
        )

    async def arrived(self, address: str) -> list[str]:
        mails = await self.sandbox.mails(address)
        return [str(mail["subject"]) for mail in {mail["message_id"]: mail for mail in mails}.values()]

    async def busy(self, address: str) -> None:
        await self.sandbox.add_mail_fault("4xx", stage="rcpt", to=address)

    async def lose_answer(self, address: str) -> None:
        await self.sandbox.add_mail_fault("drop-after-data", to=address)

    async def close(self) -> None:
        await self.provider.close()


class TextRig(Rig):
    gone, unwilling = "+15005550009", "+15005550002"

    async def open(self) -> TextRig:
        self.account = await self.sandbox.register_phone()
        self.settings = TwilioSettings(
            account_sid=self.account.sid,
            auth_token=SecretStr(self.account.auth_token),
            from_number="+15005550006",
            base_url=self.sandbox.twilio_url,
            timeout_seconds=TIMEOUT_SECONDS,
        )
        self.provider = TwilioSmsProvider(self.settings)
        return self

    def address(self, kind: str = "") -> str:
        return kind or f"+9198{secrets.randbelow(10**8):08d}"

    async def send(self, address: str, words: str, *, again: bool = False) -> Receipt:
        since = datetime.now(UTC) - timedelta(minutes=1) if again else None
        return await self.provider.send(Text(to=address, text=words, maybe_sent_since=since))

    async def arrived(self, address: str) -> list[str]:
        return [str(text["body"]) for text in await self.sandbox.texts(address)]

    async def busy(self, address: str) -> None:
        await self.sandbox.add_fault(self.account, "messages.create", "http-429")

    async def lose_answer(self, address: str) -> None:
        await self.sandbox.add_fault(self.account, "messages.create", "lose-answer")

    async def close(self) -> None:
        await self.provider.close()


class PushRig(Rig):
    gone, unwilling = "unregistered-", ""  # what FCM refuses but not the device is the message itself

    async def open(self) -> PushRig:
        self.project = await self.sandbox.register_push()
        self.provider = FcmPushProvider(
            FcmSettings(
                service_account=SecretStr(self.project.service_account),
                base_url=self.project.url,
                timeout_seconds=TIMEOUT_SECONDS,
            )
        )
        self._ids: dict[str, str] = {}
        return self

    def address(self, kind: str = "") -> str:
        return kind + secrets.token_hex(16)

    def push(self, address: str, words: str) -> Push:
        message_id = self._ids.setdefault(address + words, str(uuid4()))
        return Push(token=address, title="Sunrise Clinic", body=words, message_id=message_id)

    async def send(self, address: str, words: str, *, again: bool = False) -> Receipt:
        if address == "":  # a message that no device could take
            return await self.provider.send(replace(self.push("x", words), data={"much": "x" * 5000}))
        return await self.provider.send(self.push(address, words))

    async def arrived(self, address: str) -> list[str]:
        """A device shows one message for each tag."""
        pushes = await self.sandbox.pushes(address)
        shown = {push["android"]["notification"]["tag"]: push for push in pushes}
        return [str(push["notification"]["body"]) for push in shown.values()]

    async def busy(self, address: str) -> None:
        await self.sandbox.add_fault(self.project, "messages.send", "http-429")

    async def lose_answer(self, address: str) -> None:
        await self.sandbox.add_fault(self.project, "messages.send", "lose-answer")

    async def close(self) -> None:
        await self.provider.close()
