"""Keyed hashes of what must not be readable in the database, all from one secret, each use with a key of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

from pydantic import SecretStr

from niyat.identity.domain import CODE_DIGITS


def new_code() -> str:
    """A random one-time code."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def new_refresh_token() -> str:
    """The first refresh token of a session: 256 random bits."""
    return secrets.token_urlsafe(32)


def plain_hash(secret: str) -> bytes:
    """The hash of a secret that is random and long, which needs no key."""
    return hashlib.sha256(secret.encode()).digest()


class Keyed:
    """Hashes with keys derived from identity's secret."""

    def __init__(self, secret: SecretStr) -> None:
        self._secret = secret.get_secret_value().encode()

    def code(self, challenge_id: UUID, code: str) -> bytes:
        """What is stored of a code; it fits no other challenge."""
        return self._hash("code", challenge_id.bytes + code.encode())

    def requester(self, ip: str) -> bytes:
        """What is stored of an IP address."""
        return self._hash("requester", ip.encode())

    def successor(self, refresh_token: str) -> str:
        """The refresh token after this one. It can be computed again, so that within the grace two tabs get the
        same one, though only hashes are stored."""
        return base64.urlsafe_b64encode(self._hash("refresh", refresh_token.encode())).rstrip(b"=").decode()

    @property
    def key_password(self) -> bytes:
        """What the private signing keys are encrypted with."""
        return self._hash("signing-keys", b"").hex().encode()

    def _hash(self, use: str, message: bytes) -> bytes:
        key = hmac.digest(self._secret, f"niyat identity {use}".encode(), "sha256")
        return hmac.digest(key, message, "sha256")
