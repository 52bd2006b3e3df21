"""RS256 signing keys: made here, kept encrypted in the database, published as a JWKS."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from niyat.identity.domain import KEY_PUBLISHED_AFTER
from niyat.identity.errors import NoSigningKey
from niyat.identity.hashing import Keyed
from niyat.kernel.auth import ALGORITHM, Jwks
from niyat.kernel.clock import Clock
from niyat.kernel.db import Database
from niyat.kernel.ids import new_id

KEY_BITS = 2048
LOOK_AGAIN = timedelta(seconds=30)

SIGNING = """
SELECT kid, private_pem FROM signing_keys
WHERE signs_from <= niyat_now() AND (signs_until IS NULL OR signs_until > niyat_now())
ORDER BY signs_from DESC LIMIT 1
"""
PUBLISHED = """
SELECT public_jwk FROM signing_keys
WHERE signs_until IS NULL OR signs_until > niyat_now() - $1::interval ORDER BY signs_from DESC
"""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key pair, ready to be stored."""

    kid: str
    private_pem: str = field(repr=False)
    public_jwk: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs now."""

    kid: str
    private: RSAPrivateKey = field(repr=False)


def make_key(keyed: Keyed) -> NewKey:
    """A new pair. It takes a good part of a second: call it in a thread, outside any transaction."""
    private = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    kid = new_id().hex
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(keyed.key_password),
    )
    jwk = json.loads(RSAAlgorithm.to_jwk(private.public_key()))
    public = {"kty": jwk["kty"], "n": jwk["n"], "e": jwk["e"], "kid": kid, "alg": ALGORITHM, "use": "sig"}
    return NewKey(kid, pem.decode(), public)


def open_key(private_pem: str, keyed: Keyed) -> RSAPrivateKey | None:
    """The private key, or None when it was encrypted under another secret."""
    try:
        key = serialization.load_pem_private_key(private_pem.encode(), keyed.key_password)
    except ValueError:
        return None
    return key if isinstance(key, RSAPrivateKey) else None


async def published_keys(db: Database) -> Jwks:
    """The JWKS: every key whose tokens may still be valid, and the next one."""
    return {"keys": [row["public_jwk"] for row in await db.fetch(PUBLISHED, KEY_PUBLISHED_AFTER)]}


class SigningKeys:
    """The key that signs now; the database is asked again every half minute, as another process may rotate."""

    def __init__(self, db: Database, keyed: Keyed, clock: Clock) -> None:
        self._db = db
        self._keyed = keyed
        self._clock = clock
        self._current: SigningKey | None = None
        self._look_again_at = clock.now()

    async def current(self) -> SigningKey:
        """Raises NoSigningKey."""
        if self._current is None or self._clock.now() >= self._look_again_at:
            self._current = await self._read()
            self._look_again_at = self._clock.now() + LOOK_AGAIN
        return self._current

    async def _read(self) -> SigningKey:
        row = await self._db.fetchrow(SIGNING)
        if row is None:
            raise NoSigningKey
        if self._current is not None and self._current.kid == row["kid"]:
            return self._current
        private = open_key(row["private_pem"], self._keyed)
        if private is None:
            raise NoSigningKey
        return SigningKey(row["kid"], private)
