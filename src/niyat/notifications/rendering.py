"""From a template and facts to words. Templates come from the database, so they run in Jinja's sandbox.

A name that a template uses and the facts lack is an error (`StrictUndefined`): nobody gets a mail with a hole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from niyat.kernel.money import Money
from niyat.notifications.errors import TemplateWrong
from niyat.notifications.ports import Account, AppointmentView

TEMPLATES = Path(__file__).parent / "templates"

DEFAULT_LANGUAGE = "en"
VISITS = {
    "en": {"VIDEO": "Video visit", "AUDIO": "Phone visit", "IN_PERSON": "Visit in person"},
    "hi": {"VIDEO": "वीडियो मुलाक़ात", "AUDIO": "फ़ोन पर मुलाक़ात", "IN_PERSON": "क्लिनिक में मुलाक़ात"},
}
"""The languages that we write in. A template of another language speaks of times and visits in English."""


@dataclass(frozen=True, slots=True)
class Template:
    """One version of the wording of one message on one channel in one language."""

    version: int
    subject: str
    text: str
    html: str
    language: str = DEFAULT_LANGUAGE


@dataclass(frozen=True, slots=True)
class Words:
    """A message ready to send; `subject` and `html` are empty where the channel has none."""

    subject: str
    text: str
    html: str


def _environment(*, autoescape: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=autoescape, trim_blocks=True, lstrip_blocks=True
    )


PLAIN = _environment(autoescape=False)
HTML = _environment(autoescape=True)


def render(template: Template, facts: Mapping[str, Any]) -> Words:
    """Raises TemplateWrong."""
    try:
        subject = " ".join(PLAIN.from_string(template.subject).render(facts).split())
        text = PLAIN.from_string(template.text).render(facts).strip() + "\n"
        html = ""
        if template.html:
            body = HTML.from_string(template.html).render(facts)
            html = HTML.from_string(_layout()).render({**facts, "subject": subject, "body": body})
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise TemplateWrong(f"{TemplateWrong.__doc__} ({type(error).__name__})") from error
    return Words(subject, text, html)


@lru_cache(maxsize=1)
def _layout() -> str:
    return (TEMPLATES / "layout.html").read_text()


def local_time(instant: datetime, time_zone: str, language: str = DEFAULT_LANGUAGE) -> str:
    """The instant on the clocks of `time_zone`, which it names: `Tue, 24 Nov 2026, 10:30 IST (Asia/Kolkata)`."""
    local = instant.astimezone(ZoneInfo(time_zone))
    locale = language if language in VISITS else DEFAULT_LANGUAGE
    return f"{format_datetime(local, 'EEE, d MMM y, HH:mm', locale=locale)} {local.tzname()} ({time_zone})"


def visit_name(consultation_type: str, language: str) -> str:
    """How the visit is held: `Video visit`."""
    visits = VISITS.get(language, VISITS[DEFAULT_LANGUAGE])
    return visits.get(consultation_type, visits["IN_PERSON"])


def clocks_of(account: Account, appointment: AppointmentView) -> str:
    """The zone of the times that this reader is told: their own, but the place's for who travels to it."""
    if appointment.consultation_type == "IN_PERSON":
        return appointment.time_zone
    return account.time_zone or appointment.time_zone


def facts(
    *,
    account: Account,
    appointment: AppointmentView,
    payload: Mapping[str, Any],
    site_url: str,
    language: str = DEFAULT_LANGUAGE,
) -> dict[str, Any]:
    """What a template in `language` may speak of. Never the reason for a visit: it is not asked for."""
    zone = clocks_of(account, appointment)
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
        "amount": _money(payload, "amount"),
        "cancelled_by": payload.get("cancelled_by"),
        "was_confirmed": payload.get("was_confirmed"),
        "reason_code": payload.get("reason_code"),
        "paid": payload.get("payment_id") is not None,
        "payment_id": payload.get("payment_id"),
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


def _money(payload: Mapping[str, Any], name: str) -> str | None:
    """None where there is no money to speak of."""
    return str(Money(payload[name], payload["currency"])) if payload.get(name) else None
