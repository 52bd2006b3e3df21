"""What identity needs from the outside world."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from niyat.identity.domain import Address, Language


@dataclass(frozen=True, slots=True)
class OneTimeCode:
    """A code on its way to whoever reads `address`. Its text never shows in a log or traceback."""

    challenge_id: UUID
    address: Address = field(repr=False)
    code: str = field(repr=False)
    expires_at: datetime
    language: Language


class CodeSender(Protocol):
    """Sends codes."""

    async def send(self, code: OneTimeCode) -> None:
        """Have `code` sent; safe to repeat for one challenge. Raises CodeNotSent when it was refused, or
        ServiceUnavailable when that is unknown.
        """
        ...
