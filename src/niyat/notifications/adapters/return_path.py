"""Where mails come back to: one address per mail (VERP), so that what comes back says by itself what it was.

`bounces+<mark>@clinic.example`. The mark is a code over the notification and the address it went to, made with a
key of ours: a bounce that somebody made up, to have another's address silenced, has none that fits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from niyat.notifications.addresses import AddressKey
from niyat.notifications.ports import Mail

MARK = re.compile(r"\+([a-z2-7]{42})@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReturnPath:
    """`address` takes mail for `<local>+<anything>@<domain>` too."""

    address: str
    key: AddressKey

    def of(self, mail: Mail) -> str:
        """The envelope's sender."""
        notification_id = UUID(mail.message_id.strip("<>").partition("@")[0])
        local, _, domain = self.address.rpartition("@")
        return f"{local}+{self.key.way_back(notification_id, mail.to)}@{domain}"


def marks_in(text: str) -> list[str]:
    """Every mark of such an address in `text`."""
    return MARK.findall(text)
