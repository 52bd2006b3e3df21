"""The variables that the wording of each type may use, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from niyat.notifications.domain import NotificationType

_T = NotificationType

MEANINGS: Mapping[str, str] = {
    "language": "the reader's language, such as `en`",
    "name": "the reader's name; empty when unknown",
    "clinic": "the clinic's name",
    "site_url": "the address of the clinic's pages",
    "link": "the page where the reader sees or changes what this is about",
    "doctor": "the doctor's name",
    "visit": "how the visit is held, such as `Video visit`",
    "when": "when the visit starts, on the reader's clocks, with the zone",
    "place": "where the visit is; empty unless it is in person",
    "status": "how the appointment stands at this moment, such as `cancelled`",
    "amount": "the money that the message is about, such as `₹500.00`; empty when there is none",
    "deadline": "until when the time is kept, on the reader's clocks, with the zone",
    "previously": "when the visit was before it moved",
    "cancelled_by": "`patient`, `doctor`, `admin` or `system`",
    "was_confirmed": "whether the visit had been confirmed",
    "paid": "whether a payment was made",
    "payment_id": "the payment's number",
    "receipt_number": "the receipt's number, such as `2026-27/R/000123`",
    "reason_code": "why it did not take place, such as `video-failed`",
    "at_desk": "whether the money was, and goes back, over the clinic's own desk",
    "still_waiting": "whether the reader is still in line",
    "code": "the one-time code",
    "day": "from when the list goes, without a zone",
    "until": "until when the list goes, without a zone",
    "zone": "the zone of the list's times, such as `Asia/Kolkata`",
    "visits": "the list; each has `time`, `kind` and `place`",
    "reference": "the bank's or our own reference; empty when there is none",
    "alert": "what staff must act on, such as `refund-failed`",
}

ALWAYS = ("language", "clinic", "site_url")
READER = (*ALWAYS, "name", "link")
VISIT = (*READER, "doctor", "visit", "when", "place", "status")

DECLARED: Mapping[NotificationType, tuple[str, ...]] = {
    _T.SIGN_IN_CODE: (*ALWAYS, "code"),
    _T.APPOINTMENT_RESERVED: (*VISIT, "amount", "deadline"),
    _T.APPOINTMENT_CONFIRMED: (*VISIT, "amount"),
    _T.APPOINTMENT_REMINDER: VISIT,
    _T.APPOINTMENT_CANCELLED: (*VISIT, "amount", "cancelled_by", "was_confirmed", "paid", "previously"),
    _T.APPOINTMENT_RESCHEDULED: (*VISIT, "amount", "previously"),
    _T.APPOINTMENT_NO_SHOW: (*VISIT, "amount", "reason_code"),
    _T.PAYMENT_RECEIPT: (*VISIT, "amount", "payment_id", "receipt_number"),
    _T.PAYMENT_FAILED: (*VISIT, "amount", "deadline"),
    _T.PAYMENT_NOT_TAKEN: (*VISIT, "amount"),
    _T.REFUND_INITIATED: (*VISIT, "amount", "at_desk"),
    _T.REFUND_COMPLETED: (*VISIT, "amount", "at_desk"),
    _T.REFUND_FAILED: (*VISIT, "amount"),
    _T.WAITLIST_OFFERED: (*VISIT, "amount", "deadline"),
    _T.WAITLIST_OFFER_LAPSED: (*VISIT, "still_waiting"),
    _T.DOCTOR_DAILY_LIST: (*READER, "day", "until", "zone", "visits"),
    _T.SCHEDULE_CHANGED: (*VISIT, "previously"),
    _T.PAYOUT_SENT: (*READER, "amount", "reference"),
    _T.ADMIN_ALERT: (*READER, "amount", "reference", "alert"),
}
