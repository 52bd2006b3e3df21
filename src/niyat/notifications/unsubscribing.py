"""Links that turn one kind of mail off, for whoever holds the mail and without signing in (RFC 8058).

A link says whose mail it is and of which type, signed, so it cannot be made for somebody else. It does not expire: an
old mail's link must work, and all it can do is ask for silence. It leads to a page of the gateway; its token is a
secret like an address, and never logged.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from uuid import UUID

from niyat.notifications.categories import CATEGORY, Category
from niyat.notifications.domain import NotificationType
from niyat.notifications.errors import UnsubscribeLinkNotFound

USE = b"niyat notifications unsubscribe"
MAC_BYTES = 16
ID_BYTES = 16


def one_click(kind: NotificationType) -> bool:
    """Whether mails of this type carry such a link: what may be refused altogether."""
    return CATEGORY[kind] is Category.OPTIONAL


class UnsubscribeLinks:
    """Signs with a key derived from `secret` for this use alone."""

    def __init__(self, secret: str, site_url: str) -> None:
        self._key = hmac.digest(secret.encode(), USE, "sha256")
        self._site_url = site_url.rstrip("/")

    def headers(self, account_id: UUID, kind: NotificationType) -> Mapping[str, str]:
        """What a mail of this type carries (RFC 8058, section 3.1); nothing where it cannot be refused so."""
        if not one_click(kind):
            return {}
        return {
            "List-Unsubscribe": f"<{self.link(account_id, kind)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    def link(self, account_id: UUID, kind: NotificationType) -> str:
        """The page for it, which a POST alone makes act."""
        return f"{self._site_url}/unsubscribe/{self.token(account_id, kind)}"

    def token(self, account_id: UUID, kind: NotificationType) -> str:
        about = account_id.bytes + kind.encode()
        return base64.urlsafe_b64encode(self._mac(about) + about).rstrip(b"=").decode()

    def open(self, token: str) -> tuple[UUID, NotificationType]:
        """Whose, and which type. Raises UnsubscribeLinkNotFound."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            raise UnsubscribeLinkNotFound from None
        mac, about = raw[:MAC_BYTES], raw[MAC_BYTES:]
        if len(about) <= ID_BYTES or not hmac.compare_digest(mac, self._mac(about)):
            raise UnsubscribeLinkNotFound
        try:
            kind = NotificationType(about[ID_BYTES:].decode())
        except ValueError:  # a type that has gone since
            raise UnsubscribeLinkNotFound from None
        return UUID(bytes=about[:ID_BYTES]), kind

    def _mac(self, about: bytes) -> bytes:
        return hmac.digest(self._key, about, "sha256")[:MAC_BYTES]
