"""A service's own token: client credentials (RFC 6749, 4.4) from identity, kept until shortly before its end."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from pydantic import SecretStr

from niyat.kernel.client import ServiceClient
from niyat.kernel.clock import Clock

EARLY = timedelta(seconds=60)


class ServiceToken:
    """Call it for a token that is valid now."""

    def __init__(self, identity: ServiceClient, service: str, secret: SecretStr, clock: Clock) -> None:
        self._identity = identity
        self._service = service
        self._secret = secret
        self._clock = clock
        self._token = ""
        self._until: datetime | None = None
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self) -> str:
        """Raises ServiceUnavailable while identity does not answer, Refused for wrong credentials."""
        async with self._one_at_a_time:
            now = self._clock.now()
            if self._until is None or now >= self._until:
                answer = await self._identity.call(
                    "POST",
                    "/oauth/token",
                    json={
                        "grant_type": "client_credentials",
                        "client_id": self._service,
                        "client_secret": self._secret.get_secret_value(),
                    },
                )
                self._token = answer["access_token"]
                self._until = now + timedelta(seconds=answer["expires_in"]) - EARLY
            return self._token
