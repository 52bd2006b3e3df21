"""What we tell people, when, and when it is no longer true. Values in, values out.

A notification is an intent (`queued`) until the delivery job has asked whether it is still so, and sent it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class NotificationChannel(StrEnum):
    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"


class NotificationType(StrEnum):
    SIGN_IN_CODE = "SIGN_IN_CODE"
    APPOINTMENT_CONFIRMED = "APPOINTMENT_CONFIRMED"
    APPOINTMENT_REMINDER = "APPOINTMENT_REMINDER"
    APPOINTMENT_CANCELLED = "APPOINTMENT_CANCELLED"
    APPOINTMENT_RESCHEDULED = "APPOINTMENT_RESCHEDULED"
    APPOINTMENT_NO_SHOW = "APPOINTMENT_NO_SHOW"
    PAYMENT_RECEIPT = "PAYMENT_RECEIPT"
    PAYMENT_NOT_TAKEN = "PAYMENT_NOT_TAKEN"
    REFUND_INITIATED = "REFUND_INITIATED"
    REFUND_COMPLETED = "REFUND_COMPLETED"
    REFUND_FAILED = "REFUND_FAILED"
    WAITLIST_OFFERED = "WAITLIST_OFFERED"
    WAITLIST_OFFER_LAPSED = "WAITLIST_OFFER_LAPSED"
    APPOINTMENT_RESERVED = "APPOINTMENT_RESERVED"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    DOCTOR_DAILY_LIST = "DOCTOR_DAILY_LIST"
    SCHEDULE_CHANGED = "SCHEDULE_CHANGED"
    PAYOUT_SENT = "PAYOUT_SENT"
    ADMIN_ALERT = "ADMIN_ALERT"


class NotificationStatus(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    MISSED = "missed"


class SuppressionCause(StrEnum):
    """Why nothing is sent to an address any more."""

    HARD_BOUNCE = "hard-bounce"
    OPTED_OUT = "opted-out"
    NOT_REACHABLE = "not-reachable"
    UNREGISTERED = "unregistered"


class DevicePlatform(StrEnum):
    ANDROID = "ANDROID"
    IOS = "IOS"
    WEB = "WEB"


_S = NotificationStatus
TRANSITIONS: Mapping[tuple[NotificationStatus, NotificationStatus], str] = {
    (_S.QUEUED, _S.SENDING): "it is due",
    (_S.QUEUED, _S.SUPPRESSED): "it is no longer so",
    (_S.QUEUED, _S.MISSED): "nobody should be told any more",
    (_S.SENDING, _S.SENDING): "the lease of a dead worker is taken over",
    (_S.SENDING, _S.QUEUED): "it is tried again",
    (_S.SENDING, _S.SENT): "the provider took it",
    (_S.SENDING, _S.FAILED): "it cannot be delivered",
    (_S.SENDING, _S.SUPPRESSED): "it is no longer so",
    (_S.SENDING, _S.MISSED): "its worker died, and nobody should be told any more",
    (_S.SENT, _S.DELIVERED): "the provider says that it arrived",
    (_S.SENT, _S.FAILED): "the provider says that it did not arrive",
    (_S.FAILED, _S.QUEUED): "staff send it again",
}
"""Every move of a notification and why it is made; nothing else is a move."""

PROMISES = frozenset(
    {
        NotificationType.APPOINTMENT_CONFIRMED,
        NotificationType.APPOINTMENT_REMINDER,
        NotificationType.APPOINTMENT_RESCHEDULED,
    }
)
"""They say that a visit will take place: true only while it stands, at the revision they speak of."""

_T = NotificationType
ONLY_WHILE: Mapping[NotificationType, str] = {
    _T.APPOINTMENT_CANCELLED: "cancelled",
    _T.APPOINTMENT_NO_SHOW: "no-show",
    _T.WAITLIST_OFFERED: "reserved",  # whoever has begun to pay knows of it
    _T.WAITLIST_OFFER_LAPSED: "expired",
}
"""They say how a visit ended, or that it waits for an answer: true only while it has that status."""

UNPAID = frozenset({_T.APPOINTMENT_RESERVED, _T.PAYMENT_FAILED})
"""They ask for a payment: true only while the time is kept and no payment was seen."""

ON_EVERY_CHANNEL = frozenset({_T.WAITLIST_OFFERED})
"""Planned once for each channel, because the answer must come soon."""

ABOUT_ONE_TIME = PROMISES | {_T.SCHEDULE_CHANGED}
"""They name the time of the visit as news: true only at the revision they speak of."""

REFUND_NEWS = frozenset({_T.REFUND_INITIATED, _T.REFUND_COMPLETED, _T.REFUND_FAILED})

SUPERSEDED_BY: Mapping[NotificationType, frozenset[NotificationType]] = {
    _T.REFUND_INITIATED: frozenset({_T.REFUND_COMPLETED, _T.REFUND_FAILED}),
    _T.REFUND_COMPLETED: frozenset({_T.REFUND_FAILED}),  # a processed refund may fail after all
    _T.APPOINTMENT_RESERVED: frozenset({_T.WAITLIST_OFFERED, _T.PAYMENT_FAILED}),
    _T.PAYMENT_NOT_TAKEN: REFUND_NEWS | {_T.PAYMENT_RECEIPT},
}
"""What is untrue once one of these is planned: of the same refund, or, for a payment, of the same appointment."""

TOLD_OF_MONEY = REFUND_NEWS | {_T.PAYMENT_RECEIPT}
"""What they make untrue must not be told, even to whoever does not want to hear these: so they are always stored."""

LAST_MINUTE = timedelta(minutes=1)
"""An offer that ends so soon is no longer told: nobody could take it."""

MAX_TRIES = 14
"""With the waits between them, a provider may be down for about five hours."""


@dataclass(frozen=True, kw_only=True)
class Intent:
    """One thing to tell one person. Without `due_at` it is due at once.

    `meaning` is the same however often the event comes: the same meaning is told once on each channel.
    """

    type: NotificationType
    account_id: UUID
    meaning: str
    appointment_id: UUID | None = None
    revision: int | None = None
    payload: Mapping[str, object] = field(default_factory=dict)
    due_at: datetime | None = None
    too_late_at: datetime | None = None
    offset: timedelta | None = None


def no_longer_so(
    kind: NotificationType,
    account_id: UUID,
    revision: int | None,
    *,
    whose: UUID | None,
    status: str,
    current: int,
    secured: bool = False,
    tells_of_move: bool = False,
) -> str | None:
    """Why this must not be sent, as a code, given how the appointment stands now; None if it is still so.

    `whose`: the account of the one it concerns, the patient or the doctor; `secured`: a payment has the time already.
    `tells_of_move`: it is about a move; of what ended since, there is a message of its own.
    """
    if whose != account_id:
        return "not-theirs"
    if kind in UNPAID and secured:
        return "payment-seen"
    if status not in _true_while(kind, status, tells_of_move=tells_of_move):
        return f"appointment-{status}"
    if kind in ABOUT_ONE_TIME and revision is not None and revision != current:
        return "appointment-moved"
    if kind is NotificationType.PAYMENT_NOT_TAKEN and status in {"confirmed", "completed"}:
        return "paid-after-all"
    return None


def _true_while(kind: NotificationType, status: str, *, tells_of_move: bool) -> frozenset[str]:
    """The statuses in which a message of this kind is true; money that moved stays so in any."""
    if kind in PROMISES:
        return frozenset({"confirmed"})
    if kind in UNPAID:
        return frozenset({"reserved", "pending-payment"})
    if kind is NotificationType.SCHEDULE_CHANGED:
        return frozenset({"confirmed"} if tells_of_move else {"confirmed", "cancelled"})
    return frozenset({ONLY_WHILE.get(kind, status)})


def mask(address: str) -> str:
    """Enough for staff to recognise an address, too little to reach it: `a•••@example.com`, `+91••••••3210`."""
    if "@" in address:
        local, _, domain = address.rpartition("@")
        return f"{local[:1]}•••@{domain}"
    return f"{address[:3]}{'•' * max(3, len(address) - 7)}{address[-4:]}" if len(address) > 7 else "•••"
