"""A sign-in code and its address wait in the queue encrypted, and are deleted when it is over.

So nobody who can read the database (the audit's role, a backup) can sign in as somebody else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass, field

from cryptography.fernet import Fernet, InvalidToken

from niyat.kernel.errors import NiyatError


class SealedElsewhere(NiyatError):
    """This code was sealed with another key; ask for a new one."""


@dataclass(frozen=True)
class Code:
    """A one-time code on its way. Neither part shows in a log or traceback."""

    address: str = field(repr=False)
    code: str = field(repr=False)


class Seal:
    """Encrypts with a key of at least 32 characters."""

    def __init__(self, key: str) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))

    def close(self, code: Code) -> bytes:
        return self._fernet.encrypt(json.dumps(asdict(code)).encode())

    def open(self, sealed: bytes) -> Code:
        """Raises SealedElsewhere."""
        try:
            return Code(**json.loads(self._fernet.decrypt(sealed)))
        except InvalidToken:
            raise SealedElsewhere from None
