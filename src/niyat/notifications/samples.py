"""Made-up facts of every type of message: for previews, and to try a draft before anybody is sent it.

They come from the very functions that make the real ones, once with everything and once with as little as there may be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from niyat.notifications.domain import NotificationType
from niyat.notifications.facts import daily_list_facts, staff_facts, visit_facts
from niyat.notifications.ports import Account, AppointmentView, DoctorDay, VisitOfDay

_T = NotificationType
AT = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
ID = UUID("01a1b2c3-d4e5-7000-8000-000000000001")
ZONE = "Asia/Kolkata"
SITE = "https://clinic.example"
INR = {"amount": 50_000, "currency": "INR"}
NAMES = {
    "en": ("Asha Verma", "Dr Meera Rao", "Sunrise Clinic", "12 Lake Road, Pune"),
    "hi": ("आशा वर्मा", "डॉ. मीरा राव", "सनराइज़ क्लिनिक", "12 लेक रोड, पुणे"),
}

Case = tuple[str, str, Mapping[str, Any]]
"""A name, the appointment's status and the intent's payload."""

CASES: Mapping[NotificationType, tuple[Case, ...]] = {
    _T.APPOINTMENT_RESERVED: (("usual", "reserved", INR), ("free", "reserved", {})),
    _T.APPOINTMENT_CONFIRMED: (("usual", "confirmed", INR), ("free", "confirmed", {})),
    _T.APPOINTMENT_REMINDER: (("usual", "confirmed", {}),),
    _T.APPOINTMENT_CANCELLED: (
        (
            "by-clinic",
            "cancelled",
            {**INR, "cancelled_by": "doctor", "was_confirmed": True, "payment_id": ID},
        ),
        ("no-refund", "cancelled", {"cancelled_by": "patient", "was_confirmed": True, "payment_id": ID}),
        (
            "while-paying",
            "cancelled",
            {**INR, "cancelled_by": "system", "was_confirmed": False, "payment_id": ID},
        ),
        (
            "after-a-move-not-told",
            "cancelled",
            {
                **INR,
                "cancelled_by": "doctor",
                "was_confirmed": True,
                "payment_id": ID,
                "previous_starts_at": (AT - timedelta(days=1)).isoformat(),
            },
        ),
    ),
    _T.APPOINTMENT_RESCHEDULED: (
        ("cheaper", "confirmed", {**INR, "previous_starts_at": (AT - timedelta(days=1)).isoformat()}),
        ("usual", "confirmed", {}),
    ),
    _T.APPOINTMENT_NO_SHOW: (
        ("doctor-absent", "no-show", {**INR, "reason_code": "doctor-absent"}),
        ("video-failed", "no-show", {"reason_code": "video-failed"}),
    ),
    _T.PAYMENT_RECEIPT: (
        ("usual", "confirmed", {**INR, "payment_id": str(ID), "receipt_number": "2026-27/R/000123"}),
    ),
    _T.PAYMENT_FAILED: (("usual", "pending-payment", INR),),
    _T.PAYMENT_NOT_TAKEN: (("usual", "expired", INR), ("still-held", "reserved", INR)),
    _T.REFUND_INITIATED: (("usual", "cancelled", INR), ("too-late", "expired", {**INR, "gateway": "manual"})),
    _T.REFUND_COMPLETED: (
        ("usual", "cancelled", INR),
        ("at-desk", "cancelled", {**INR, "gateway": "manual"}),
    ),
    _T.REFUND_FAILED: (("usual", "cancelled", INR),),
    _T.WAITLIST_OFFERED: (("usual", "reserved", INR), ("free", "reserved", {})),
    _T.WAITLIST_OFFER_LAPSED: (
        ("still-in-line", "expired", {"still_waiting": True}),
        ("no-longer-in-line", "expired", {"still_waiting": False}),
    ),
    _T.SCHEDULE_CHANGED: (
        ("moved", "confirmed", {"previous_starts_at": (AT - timedelta(days=1)).isoformat()}),
        ("cancelled", "cancelled", {}),
        (
            "after-a-move-not-told",
            "cancelled",
            {"previous_starts_at": (AT - timedelta(days=1)).isoformat()},
        ),
    ),
}
STAFF_CASES: Mapping[NotificationType, tuple[tuple[str, Mapping[str, Any]], ...]] = {
    _T.PAYOUT_SENT: (("usual", {**INR, "reference": "HDFC0001234"}), ("without-reference", INR)),
    _T.ADMIN_ALERT: (
        ("refund-failed", {**INR, "alert": "refund-failed", "reference": str(ID)}),
        ("other", {"alert": "something-else"}),
    ),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One made-up case."""

    name: str
    facts: Mapping[str, Any]


def samples(kind: NotificationType, language: str) -> Iterator[Sample]:
    """Each case of `kind`, at a place and with a name, and then with neither."""
    person, doctor, clinic, place = NAMES.get(language, NAMES["en"])
    account = Account(account_id=ID, name=person, time_zone=ZONE)
    common = {"site_url": SITE, "language": language}
    if kind is _T.SIGN_IN_CODE:
        yield Sample("usual", {**common, "clinic": clinic, "code": "123456"})
    elif kind is _T.DOCTOR_DAILY_LIST:
        for name, day in _days(clinic, place):
            yield Sample(name, daily_list_facts(account=account, day=day, site_url=SITE, language=language))
    elif kind in STAFF_CASES:
        for name, payload in STAFF_CASES[kind]:
            facts = staff_facts(
                account=account, payload=payload, clinic=clinic, site_url=SITE, language=language
            )
            yield Sample(name, facts)
    else:
        for name, status, payload in CASES[kind]:
            for suffix, consultation, who in (
                ("", "IN_PERSON", account),
                ("-video", "VIDEO", Account(account_id=ID)),
            ):
                appointment = AppointmentView(
                    appointment_id=ID,
                    patient_id=ID,
                    status=status,
                    revision=0,
                    hold_expires_at=AT - timedelta(hours=4),
                    starts_at=AT,
                    ends_at=AT + timedelta(minutes=30),
                    time_zone=ZONE,
                    consultation_type=consultation,
                    doctor_name=doctor,
                    clinic_name=clinic,
                    place=place,
                )
                facts = visit_facts(
                    account=who, appointment=appointment, payload=payload, site_url=SITE, language=language
                )
                yield Sample(name + suffix, facts)


def _days(clinic: str, place: str) -> Iterator[tuple[str, DoctorDay]]:
    for name, many in (("usual", 4), ("one", 1)):
        visits = [
            VisitOfDay(
                appointment_id=ID,
                starts_at=AT + timedelta(hours=n),
                ends_at=AT + timedelta(hours=n, minutes=30),
                consultation_type="VIDEO" if n % 2 else "IN_PERSON",
                place=place,
            )
            for n in range(many)
        ]
        yield (
            name,
            DoctorDay(
                doctor_id=ID,
                doctor_account_id=ID,
                clinic_name=clinic,
                time_zone=ZONE,
                starts_at=AT - timedelta(hours=3, minutes=30),
                ends_at=AT + timedelta(hours=20, minutes=30),
                visits=visits,
            ),
        )
