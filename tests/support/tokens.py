"""Signs tokens as identity would, for tests of one service alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from niyat.kernel.auth import ALGORITHM, AUDIENCE, TokenVerifier
from niyat.kernel.clock import Clock

ISSUER = "niyat"


class Signer:
    """An issuer with a key of its own, and the verifier that trusts it."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        self._jwks = {"keys": [{**jwk, "kid": "test", "alg": ALGORITHM, "use": "sig"}]}
        self.verifier = TokenVerifier(self._fetch, issuer=ISSUER, clock=Clock())

    async def _fetch(self) -> dict[str, Any]:
        return self._jwks

    def bearer(
        self, *roles: str, account_id: UUID | None = None, service: str | None = None
    ) -> dict[str, str]:
        """The headers of somebody with these roles."""
        claims = {
            "sub": str(account_id or uuid4()),
            "roles": list(roles),
            "iss": ISSUER,
            "aud": AUDIENCE,
            "exp": datetime.now(UTC)
            + timedelta(days=1),  # tests make some when they are loaded, long before use
        } | ({"service": service} if service else {})
        return {
            "authorization": f"Bearer {jwt.encode(claims, self._key, ALGORITHM, headers={'kid': 'test'})}"
        }
