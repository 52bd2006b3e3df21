"""The outside world as delivery needs it: two services to ask, and a provider per channel.

A provider returns a `Receipt` or raises DeliveryRefused (never again), DeliveryPostponed (not taken, try later)
or DeliveryUnknown (perhaps taken: try again in a way that cannot reach the person twice, where there is one).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict


class AppointmentView(BaseModel):
    """What we need of appointments' internal view."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    appointment_id: UUID
    patient_id: UUID
    status: str
    revision: int
    hold_expires_at: AwareDatetime | None = None
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    time_zone: str
    consultation_type: str
    doctor_name: str
    clinic_name: str | None = None
    place: str | None = None


class Account(BaseModel):
    """Whom to reach, from identity."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    account_id: UUID
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    time_zone: str | None = None


class Appointments(Protocol):
    async def find(self, appointment_id: UUID) -> AppointmentView:
        """How it stands now. Raises AppointmentNotFound, or ServiceUnavailable when nobody can say."""
        ...


class Accounts(Protocol):
    async def find(self, account_id: UUID) -> Account:
        """Whom to reach. Raises AccountNotFound, or ServiceUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider took the message."""

    provider: str
    provider_message_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """`message_id` (with its angle brackets) is the same on every attempt, so that mailboxes show one."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """`maybe_sent_since`: an attempt from then on may have been taken; look for it before you send."""

    to: str
    text: str
    maybe_sent_since: datetime | None


class EmailProvider(Protocol):
    async def send(self, mail: Mail) -> Receipt: ...


class SmsProvider(Protocol):
    async def send(self, text: Text) -> Receipt: ...
