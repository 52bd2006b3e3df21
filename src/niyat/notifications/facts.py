"""What a message may speak of, in its reader's language. Never the reason for a visit: it is not asked for.

Every time names its zone. What each type of message has of this is declared in `variables.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from niyat.kernel.local_time import DEFAULT_LANGUAGE, FULL, clocks_of_visit, local_time, on_the_clock
from niyat.kernel.money import Money
from niyat.notifications.ports import Account, AppointmentView, DoctorDay

VISITS = {
    "en": {"VIDEO": "Video visit", "AUDIO": "Phone visit", "IN_PERSON": "Visit in person"},
    "hi": {"VIDEO": "वीडियो मुलाक़ात", "AUDIO": "फ़ोन पर मुलाक़ात", "IN_PERSON": "क्लिनिक में मुलाक़ात"},
}
"""A template of another language speaks of visits in English, as it does of times."""

SHORT = "EEE, HH:mm"


def visit_name(consultation_type: str, language: str) -> str:
    """How the visit is held: `Video visit`."""
    visits = VISITS.get(language, VISITS[DEFAULT_LANGUAGE])
    return visits.get(consultation_type, visits["IN_PERSON"])


def visit_facts(
    *,
    account: Account,
    appointment: AppointmentView,
    payload: Mapping[str, Any],
    site_url: str,
    language: str = DEFAULT_LANGUAGE,
) -> dict[str, Any]:
    """Of a message about a visit or its money, for its patient or its doctor."""
    zone = clocks_of_visit(appointment.consultation_type, appointment.time_zone, account.time_zone)
    known: dict[str, Any] = {
        "language": language,
        "name": account.name or "",
        "doctor": appointment.doctor_name,
        "clinic": appointment.clinic_name or "Niyat",
        "place": appointment.place if appointment.consultation_type == "IN_PERSON" else None,
        "visit": visit_name(appointment.consultation_type, language),
        "when": local_time(appointment.starts_at, zone, language),
        "status": appointment.status,
        "site_url": site_url,
        "amount": money(payload),
        "cancelled_by": payload.get("cancelled_by"),
        "was_confirmed": payload.get("was_confirmed"),
        "reason_code": payload.get("reason_code"),
        "paid": payload.get("payment_id") is not None,
        "payment_id": payload.get("payment_id"),
        "receipt_number": payload.get("receipt_number"),
        "at_desk": payload.get("gateway") == "manual",
        "previously": None,
        "link": f"{site_url}/my/appointments/{appointment.appointment_id}",
        "deadline": None,
        "still_waiting": payload.get("still_waiting"),
    }
    if appointment.hold_expires_at:
        # By the clocks of whoever has to hurry, wherever the visit is.
        known["deadline"] = local_time(appointment.hold_expires_at, account.time_zone or zone, language)
    if previous := payload.get("previous_starts_at"):
        known["previously"] = local_time(datetime.fromisoformat(previous), zone, language)
    return known


def daily_list_facts(
    *, account: Account, day: DoctorDay, site_url: str, language: str = DEFAULT_LANGUAGE
) -> dict[str, Any]:
    """Of a doctor's list: when, how and where. Whom they see is on our own page, after signing in."""
    return {
        "language": language,
        "name": account.name or "",
        "clinic": day.clinic_name or "Niyat",
        "site_url": site_url,
        "link": site_url,
        "zone": day.time_zone,
        "day": on_the_clock(day.starts_at, day.time_zone, language, FULL),
        "until": on_the_clock(day.ends_at, day.time_zone, language, FULL),
        "visits": [
            {
                "time": f"{on_the_clock(each.starts_at, day.time_zone, language, SHORT)}"
                f" {each.starts_at.astimezone(ZoneInfo(day.time_zone)).tzname()}",
                "kind": visit_name(each.consultation_type, language),
                "place": each.place if each.consultation_type == "IN_PERSON" else None,
            }
            for each in day.visits
        ],
    }


def staff_facts(
    *,
    account: Account,
    payload: Mapping[str, Any],
    clinic: str,
    site_url: str,
    language: str = DEFAULT_LANGUAGE,
) -> dict[str, Any]:
    """Of a payout, or of what staff must act on: money and references, nobody's name."""
    return {
        "language": language,
        "name": account.name or "",
        "clinic": clinic,
        "site_url": site_url,
        "link": site_url,
        "amount": money(payload),
        "reference": payload.get("reference"),
        "alert": payload.get("alert"),
    }


def money(payload: Mapping[str, Any]) -> str | None:
    """None where there is no money to speak of."""
    return str(Money(payload["amount"], payload["currency"])) if payload.get("amount") else None
