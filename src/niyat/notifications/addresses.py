"""An address as this service may keep it: a hash under a key of its own, and enough of it for staff to recognise.

The key is not the one that seals codes: that one may be changed any day, this one must stay, or whoever asked not
to be written to would be written to again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from niyat.notifications.domain import NotificationChannel, mask

MARK_BYTES = 10


@dataclass(frozen=True, slots=True)
class KeptAddress:
    """Enough to recognise an address, too little to reach it."""

    channel: NotificationChannel
    hash: bytes
    masked: str


@dataclass(frozen=True, slots=True)
class AddressKey:
    """Hashes addresses, and marks the way back of mails so that nobody else can make one up."""

    key: str = field(repr=False)

    def keep(self, channel: NotificationChannel, address: str) -> KeptAddress:
        """The address without the address. Mailboxes differ by nothing that is only upper or lower case."""
        return KeptAddress(channel, self._mac(channel, address.strip().lower()), mask(address))

    def way_back(self, notification_id: UUID, address: str) -> str:
        """The mark in the return path of a mail: 42 letters and digits, without regard to case."""
        marked = (
            notification_id.bytes + self._mac("way-back", _written(notification_id, address))[:MARK_BYTES]
        )
        return base64.b32encode(marked).decode().rstrip("=").lower()

    def came_back(self, mark: str, addresses: Iterable[str]) -> tuple[UUID, str] | None:
        """Which notification a mark belongs to, and to which of `addresses` it was sent; None when it is not ours.

        Whoever got a mail knows its mark, so it counts for the address alone that the mail was sent to.
        """
        try:
            marked = base64.b32decode(mark.upper() + "=" * (-len(mark) % 8))
            notification_id = UUID(bytes=marked[:16])
        except (ValueError, binascii.Error):
            return None
        for address in addresses:
            if hmac.compare_digest(self.way_back(notification_id, address), mark.lower()):
                return notification_id, address
        return None

    def _mac(self, purpose: str, value: str) -> bytes:
        return hmac.digest(self.key.encode(), f"{purpose}\n{value}".encode(), hashlib.sha256)


def _written(notification_id: UUID, address: str) -> str:
    return f"{notification_id}\n{address.strip().lower()}"
