"""Access tokens: RS256 JWTs, ten minutes, verified by every service with `kernel.auth` from our JWKS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import jwt

from niyat.identity.domain import ACCESS_TOKEN_LIFETIME, service_account_id
from niyat.identity.keys import SigningKeys
from niyat.kernel.auth import ALGORITHM, AUDIENCE
from niyat.kernel.clock import Clock

SERVICE = "identity"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed token and how many seconds it lasts."""

    value: str = field(repr=False)
    expires_in: int


class Tokens:
    """Mints tokens in the name of `issuer`. Times are the application clock's, as for the verifiers."""

    def __init__(self, keys: SigningKeys, issuer: str, clock: Clock) -> None:
        self._keys = keys
        self._issuer = issuer
        self._clock = clock
        self._own: tuple[str, datetime] | None = None

    async def for_session(self, account_id: UUID, roles: Sequence[str], session_id: UUID) -> AccessToken:
        """A person's token. Raises NoSigningKey."""
        return await self._mint({"sub": str(account_id), "roles": sorted(roles), "sid": str(session_id)})

    async def for_service(self, name: str) -> AccessToken:
        """The token of the service `name`. Raises NoSigningKey."""
        return await self._mint({"sub": str(service_account_id(name)), "roles": ["service"], "service": name})

    async def service_token(self) -> str:
        """Identity's own token, for its calls to other services; kept for half its life."""
        now = self._clock.now()
        if self._own is None or now >= self._own[1]:
            token = await self.for_service(SERVICE)
            self._own = token.value, now + ACCESS_TOKEN_LIFETIME / 2
        return self._own[0]

    async def _mint(self, claims: dict[str, Any]) -> AccessToken:
        key = await self._keys.current()
        issued_at = int(self._clock.now().timestamp())
        lifetime = int(ACCESS_TOKEN_LIFETIME.total_seconds())
        standard = {"iss": self._issuer, "aud": AUDIENCE, "iat": issued_at, "exp": issued_at + lifetime}
        value = jwt.encode(standard | claims, key.private, algorithm=ALGORITHM, headers={"kid": key.kid})
        return AccessToken(value, lifetime)
