"""Who is asking. A request carries a short-lived RS256 token signed by identity (or another issuer by JWKS).

Routes ask for `Who` (anyone signed in) or `require("admin")`. Ownership (this patient's booking, this doctor's
list) is each command's to check: a token says who somebody is, never what they own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import jwt
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from niyat.kernel.clock import Clock
from niyat.kernel.errors import Forbidden, Unauthenticated

AUDIENCE = "niyat"
ALGORITHM = "RS256"  # the fastest to verify of those that JWKS clients know (protocols, section 4)
CACHED_TOKENS = 10_000
SECONDS_BETWEEN_KEY_FETCHES = 5.0

Jwks = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody signed in: an account with roles (`patient`, `doctor`, `admin`), or one of our services."""

    account_id: UUID
    roles: frozenset[str]
    service: str | None = None
    session_id: UUID | None = None  # identity's own routes ask whether it still goes on

    def has(self, role: str) -> bool:
        return role in self.roles


class TokenVerifier:
    """Verifies access tokens against a JWKS, which it fetches when it meets a key it does not know."""

    def __init__(self, fetch_jwks: Callable[[], Awaitable[Jwks]], *, issuer: str, clock: Clock) -> None:
        self._fetch_jwks = fetch_jwks
        self._issuer = issuer
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = -SECONDS_BETWEEN_KEY_FETCHES
        self._fetching = asyncio.Lock()
        self._known: dict[str, tuple[Principal, float]] = {}

    async def verify(self, token: str) -> Principal:
        """The principal of a valid token. Raises Unauthenticated."""
        now = self._clock.now().timestamp()
        if (known := self._known.get(token)) and known[1] > now:
            return known[0]
        principal, expires_at = await self._verify(token, now)
        if len(self._known) >= CACHED_TOKENS:
            self._known.clear()
        self._known[token] = (principal, expires_at)
        return principal

    async def _verify(self, token: str, now: float) -> tuple[Principal, float]:
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid", ""))
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                # Times are held against our own clock below, which tests can move.
                options={"require": ["exp", "sub", "roles"], "verify_exp": False, "verify_iat": False},
            )
            sid = claims.get("sid")
            principal = Principal(
                UUID(claims["sub"]),
                frozenset(claims["roles"]),
                claims.get("service"),
                UUID(sid) if sid else None,
            )
            expires_at = float(claims["exp"])
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
            raise Unauthenticated from error
        if expires_at <= now:
            raise Unauthenticated
        return principal, expires_at

    async def _key(self, kid: str) -> jwt.PyJWK:
        if kid not in self._keys:
            # One at a time: whoever comes while the keys are on their way waits for them.
            async with self._fetching:
                await self._fetch_keys(kid)
        if kid not in self._keys:
            raise Unauthenticated
        return self._keys[kid]

    async def _fetch_keys(self, kid: str) -> None:
        if kid in self._keys or time.monotonic() - self._fetched_at < SECONDS_BETWEEN_KEY_FETCHES:
            return
        # Only an answer starts the wait: without keys we cannot tell, and must not say that a token is bad.
        jwks = await self._fetch_jwks()
        self._fetched_at = time.monotonic()
        self._keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(jwks).keys if key.key_id}


bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="An access token from `/api/v1/auth`")


async def signed_in(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Principal:
    """The principal of this request. Raises Unauthenticated."""
    if credentials is None:
        raise Unauthenticated
    verifier: TokenVerifier = request.app.state.verifier
    return await verifier.verify(credentials.credentials)


Who = Annotated[Principal, Depends(signed_in)]


def require(*roles: str) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency: signed in, with one of these roles. Raises Unauthenticated or Forbidden."""

    async def allowed(who: Who) -> Principal:
        if not who.roles.intersection(roles):
            raise Forbidden
        return who

    return allowed


Patient = Annotated[Principal, Depends(require("patient"))]
Admin = Annotated[Principal, Depends(require("admin"))]
Staff = Annotated[Principal, Depends(require("admin", "doctor"))]


def service_call(*services: str) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency: one of these services itself, as ADR 8 permits the call. Raises Unauthenticated or Forbidden."""

    async def allowed(who: Annotated[Principal, Depends(require("service"))]) -> Principal:
        if who.service not in services:
            raise Forbidden
        return who

    return allowed
