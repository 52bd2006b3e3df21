"""Codes go out through the notifications service, `POST /internal/codes` (ADR 8), as identity itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from niyat.identity.errors import CodeNotSent
from niyat.identity.ports import OneTimeCode
from niyat.kernel.client import Refused, ServiceClient


class NotificationsCodeSender:
    """A CodeSender over the one typed client; `token` mints identity's own service token."""

    def __init__(self, client: ServiceClient, token: Callable[[], Awaitable[str]]) -> None:
        self._client = client
        self._token = token

    async def send(self, code: OneTimeCode) -> None:
        body = {
            "challenge_id": str(code.challenge_id),
            "channel": code.address.channel,
            "address": code.address.value,
            "code": code.code,
            "expires_at": code.expires_at.isoformat(),
            "language": code.language,
        }
        try:
            await self._client.call("POST", "/internal/codes", json=body, bearer=await self._token())
        except Refused as refused:
            raise CodeNotSent from refused
