"""How much say people have in what they are told, by type, and whom each type is for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from niyat.notifications.domain import NotificationType


class Category(StrEnum):
    """How much say a person has in what they are told."""

    ACCOUNT = "account"
    """Asked for by whoever waits for it: never refused, never kept for later."""
    ESSENTIAL = "essential"
    """Whoever does not hear of it acts on what is no longer true: not refused, and exempt from quiet hours."""
    SERVICE = "service"
    """Part of a booking or of the work: may be turned off per channel."""
    OPTIONAL = "optional"
    """A convenience: refusable altogether, and by one click."""


class Audience(StrEnum):
    """Whom a message is for."""

    ANYBODY = "anybody"
    PATIENT = "patient"
    DOCTOR = "doctor"
    ADMIN = "admin"


_C, _T = Category, NotificationType
CATEGORY: Mapping[NotificationType, Category] = {
    _T.SIGN_IN_CODE: _C.ACCOUNT,
    _T.APPOINTMENT_CONFIRMED: _C.SERVICE,
    _T.APPOINTMENT_REMINDER: _C.OPTIONAL,
    _T.APPOINTMENT_CANCELLED: _C.ESSENTIAL,
    _T.APPOINTMENT_RESCHEDULED: _C.ESSENTIAL,
    _T.APPOINTMENT_NO_SHOW: _C.ESSENTIAL,
    _T.PAYMENT_RECEIPT: _C.SERVICE,
    _T.PAYMENT_NOT_TAKEN: _C.ESSENTIAL,
    _T.REFUND_INITIATED: _C.SERVICE,
    _T.REFUND_COMPLETED: _C.SERVICE,
    _T.REFUND_FAILED: _C.ESSENTIAL,
    _T.WAITLIST_OFFERED: _C.SERVICE,
    _T.WAITLIST_OFFER_LAPSED: _C.SERVICE,
    _T.APPOINTMENT_RESERVED: _C.SERVICE,
    _T.PAYMENT_FAILED: _C.SERVICE,
    _T.DOCTOR_DAILY_LIST: _C.OPTIONAL,
    _T.SCHEDULE_CHANGED: _C.SERVICE,
    _T.PAYOUT_SENT: _C.SERVICE,
    _T.ADMIN_ALERT: _C.SERVICE,
}

_NOT_FOR_PATIENTS: Mapping[NotificationType, Audience] = {
    _T.SIGN_IN_CODE: Audience.ANYBODY,
    _T.DOCTOR_DAILY_LIST: Audience.DOCTOR,
    _T.SCHEDULE_CHANGED: Audience.DOCTOR,
    _T.PAYOUT_SENT: Audience.DOCTOR,
    _T.ADMIN_ALERT: Audience.ADMIN,
}
AUDIENCE: Mapping[NotificationType, Audience] = {
    kind: _NOT_FOR_PATIENTS.get(kind, Audience.PATIENT) for kind in NotificationType
}
