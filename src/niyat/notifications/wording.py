"""The wording that ships with Niyat: a file per language and type, `templates/en/payment_receipt.words`.

A file has a section for each part, headed `## EMAIL html`; so a translator sees a message whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.rendering import TEMPLATES

HEADING = re.compile(r"^## (EMAIL|SMS|PUSH) (subject|title|text|html)\n", re.M)
SUBJECTS = {"subject", "title"}


@dataclass(frozen=True)
class Shipped:
    """The wording of one message on one channel in one language."""

    type: NotificationType
    channel: NotificationChannel
    language: str
    subject: str
    text: str
    html: str


def shipped() -> Iterator[Shipped]:
    """Everything that `templates/` holds."""
    for file in sorted(TEMPLATES.glob("*/*.words")):
        parts: dict[str, dict[str, str]] = {}
        _, *pieces = HEADING.split(file.read_text())
        for channel, part, words in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
            parts.setdefault(channel, {})["subject" if part in SUBJECTS else part] = words.strip() + "\n"
        for channel, found in parts.items():
            yield Shipped(
                NotificationType(file.stem.upper()),
                NotificationChannel(channel),
                file.parent.name,
                found.get("subject", ""),
                found["text"],
                found.get("html", ""),
            )
