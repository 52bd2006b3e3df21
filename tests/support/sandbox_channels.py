"""Mailboxes, phones and devices in a sandbox: what arrived there, and what becomes of what is sent there."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.sandbox_controls import Controls, Json


@lru_cache(maxsize=1)
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_key() -> str:
    """Of every service account of this run."""
    return (
        _key()
        .private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        .decode()
    )


def public_key() -> str:
    return (
        _key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@dataclass(frozen=True)
class PhoneAccount:
    sid: str
    auth_token: str


@dataclass(frozen=True)
class PushProject:
    """A Firebase project; `service_account` is the JSON of its key, `url` where the API is."""

    project_id: str
    service_account: str
    url: str


class ChannelControls(Controls):
    @property
    def twilio_url(self) -> str:
        """For `client.api.base_url`; the SDK adds /2010-04-01 itself."""
        return f"{self.process.url}/twilio"

    @property
    def smtp_address(self) -> tuple[str, int]:
        return "127.0.0.1", self.process.smtp_port

    async def mails(self, to: str, *, after: int = 0, wait_seconds: float = 0) -> list[Json]:
        """Newest first; waits up to `wait_seconds` (at most 20) for the first one."""
        return await self._arrived("/mailbox", to, after, wait_seconds)

    async def raw_mail(self, mail_id: int) -> bytes:
        answer = await self.http.get(f"/mailbox/{mail_id}/raw")
        return answer.raise_for_status().content

    async def texts(self, to: str, *, after: int = 0, wait_seconds: float = 0) -> list[Json]:
        """Text messages, newest first."""
        return await self._arrived("/phone", to, after, wait_seconds)

    async def register_phone(self) -> PhoneAccount:
        account = PhoneAccount("AC" + secrets.token_hex(16), secrets.token_hex(16))
        await self._call(
            "POST", "/control/phone/accounts", {"account_sid": account.sid, "auth_token": account.auth_token}
        )
        return account

    async def behave_phone(
        self,
        account: PhoneAccount,
        *,
        callbacks: Literal["deliver", "hold", "drop"] = "deliver",
        dlt: Json | None = None,
    ) -> None:
        """`dlt`: what is registered in India, `{header, templates}`."""
        await self._call(
            "POST",
            "/control/phone/behaviour",
            {"account_sid": account.sid, "callbacks": callbacks, "dlt": dlt},
        )

    async def opt_out(self, number: str, *, opted_out: bool = True) -> None:
        """The person answers STOP (or START)."""
        await self._call("POST", "/control/phone/opt-outs", {"number": number, "opted_out": opted_out})

    async def flush_posts(
        self,
        sender: str,
        *,
        order: Literal["oldest-first", "newest-first", "shuffled"] = "oldest-first",
        again: bool = False,
    ) -> list[Json]:
        """Deliver the status callbacks of an account (its SID), or what came back to an address."""
        shown = await self._call(
            "POST", "/control/posts/flush", {"sender": sender, "order": order, "again": again}
        )
        sent: list[Json] = shown["sent"]
        return sent

    async def mails_come_back_to(self, address: str, url: str, secret: str) -> None:
        """What comes back to `address` is posted to `url`."""
        await self._call("POST", "/control/mail/returns", {"address": address, "url": url, "secret": secret})

    async def add_mail_fault(
        self,
        mode: Literal["4xx", "5xx", "drop-after-data"],
        *,
        times: int = 1,
        stage: Literal["rcpt", "data"] = "data",
        to: str | None = None,
    ) -> None:
        await self._call(
            "POST", "/control/mail/faults", {"mode": mode, "times": times, "stage": stage, "to": to}
        )

    async def clear_mail_faults(self) -> None:
        await self._call("DELETE", "/control/mail/faults")

    async def pushes(self, device: str, *, after: int = 0, wait_seconds: float = 0) -> list[Json]:
        """Push messages, newest first."""
        return await self._arrived("/devices", device, after, wait_seconds)

    async def register_push(self) -> PushProject:
        """A Firebase project of this test's own."""
        project_id = "clinic-" + secrets.token_hex(6)
        email = f"push@{project_id}.iam.gserviceaccount.com"
        await self._call(
            "POST",
            "/control/push/projects",
            {"project_id": project_id, "client_email": email, "public_key": public_key()},
        )
        account = {
            "type": "service_account",
            "project_id": project_id,
            "private_key_id": "1",
            "private_key": private_key(),
            "client_email": email,
            "token_uri": f"{self.process.url}/fcm/token",
        }
        return PushProject(project_id, json.dumps(account), f"{self.process.url}/fcm")

    async def decide_device(self, device: str, fate: str) -> None:
        """What becomes of messages to it from now on, such as `unregistered`."""
        await self._call("POST", "/control/push/devices", {"device": device, "fate": fate})

    async def _arrived(self, path: str, to: str, after: int, wait_seconds: float) -> list[Json]:
        query: dict[str, str | int | float] = {"to": to, "after": after, "wait_seconds": wait_seconds}
        answer = await self.http.get(path, params=query)
        found: list[Json] = answer.raise_for_status().json()
        return found
