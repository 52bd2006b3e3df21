"""A mail that came back, as RFC 3464 writes it: for each recipient what was done, and a status of RFC 3463.

`5.1.1 failed` is a mailbox that is not there: nothing more goes to it. Other failures (a full mailbox, a refusal of
the words, days of silence) concern this one mail. Whatever else a mailbox answers (an absence note) is no report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message
from typing import Literal

from niyat.notifications.domain import SuppressionCause

STATUS = re.compile(r"\s*([245])\.(\d{1,3}\.\d{1,3})\b")
NO_SUCH_MAILBOX = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
"""Of RFC 3463: mailbox or system not there, address wrong, moved without a trace, null MX; mailbox switched off."""

MAILBOX_FULL = "2.2"
MOST_RECIPIENTS = 10
OUTCOMES: dict[str, Literal["delivered", "undelivered"]] = {"failed": "undelivered", "delivered": "delivered"}


@dataclass(frozen=True, slots=True)
class Bounced:
    """What became of one recipient. `addresses`: as we wrote it, and where it was forwarded to."""

    addresses: tuple[str, ...]
    outcome: Literal["delivered", "undelivered"]
    error_code: str
    cause: SuppressionCause | None


@dataclass(frozen=True, slots=True)
class ReturnedMail:
    """`to`: whom the report itself is addressed to, which is a return path of ours."""

    to: str
    recipients: tuple[Bounced, ...]


def read_returned(raw: bytes) -> ReturnedMail | None:
    """The report in a mail; None when it is none. Never fails, whatever `raw` is."""
    try:
        message = message_from_bytes(raw, policy=policy.compat32)
        if message.get_content_type() != "multipart/report" or not message.is_multipart():
            return None
        to = " ".join(str(message.get(name, "")) for name in ("To", "Delivered-To", "X-Original-To"))
        return ReturnedMail(to, tuple(_recipients(message))[:MOST_RECIPIENTS])
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _recipients(message: Message) -> Iterator[Bounced]:
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            for block in part.get_payload():
                if isinstance(block, Message) and (bounced := _recipient(block)):
                    yield bounced


def _recipient(fields: Message) -> Bounced | None:
    outcome = OUTCOMES.get(str(fields.get("Action", "")).strip().lower())
    status = STATUS.match(str(fields.get("Status", "")))
    addresses = tuple(
        str(fields[name]).rpartition(";")[2].strip().strip("<>")
        for name in ("Original-Recipient", "Final-Recipient")
        if fields.get(name)
    )
    if outcome is None or status is None or not addresses:
        return None
    gone = status[1] == "5" and status[2] in NO_SUCH_MAILBOX and outcome == "undelivered"
    cause = SuppressionCause.HARD_BOUNCE if gone else None
    return Bounced(addresses, outcome, f"dsn-{status[1]}.{status[2]}", cause)
