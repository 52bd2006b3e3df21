"""The outside world as delivery needs it: two services to ask, and a provider per channel.

A provider returns a `Receipt` or raises DeliveryRefused (this message never), AddressGone (nothing to that address any
more), DeliveryPostponed (not taken, try later) or DeliveryUnknown (perhaps taken: try again in a way that cannot
reach the person twice, where there is one). The suites in `tests/contract` hold every adapter to that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from niyat.notifications.domain import SuppressionCause


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
    doctor_account_id: UUID | None = None
    secured_by: UUID | None = None
    updated_at: AwareDatetime | None = None
    clinic_name: str | None = None
    place: str | None = None


class VisitOfDay(BaseModel):
    """A visit on a doctor's list."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    appointment_id: UUID
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    consultation_type: str
    place: str | None = None


class DoctorDay(BaseModel):
    """The confirmed visits of a doctor that start from `starts_at` until before `ends_at`, in order."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    doctor_id: UUID
    doctor_account_id: UUID
    clinic_name: str | None = None
    time_zone: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    visits: list[VisitOfDay]


class Account(BaseModel):
    """Whom to reach, from identity."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    account_id: UUID
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    time_zone: str | None = None


Known = TypeVar("Known", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Found(Generic[Known]):
    """What is known of those asked about, by id. `unreadable`: said in a way that we cannot read; else not there."""

    known: Mapping[UUID, Known] = field(default_factory=dict)
    unreadable: frozenset[UUID] = frozenset()


class Appointments(Protocol):
    async def find_many(self, appointment_ids: Collection[UUID]) -> Found[AppointmentView]:
        """How each stands now, of at most 100. Raises ServiceUnavailable when nobody can say."""
        ...

    async def day_of(self, doctor_id: UUID, starts_at: datetime, ends_at: datetime) -> DoctorDay:
        """A doctor's confirmed visits of these hours. Raises DoctorNotFound, ServiceUnavailable."""
        ...

    async def account_of(self, doctor_id: UUID) -> UUID:
        """Whose account a doctor is. Raises DoctorNotFound, ServiceUnavailable."""
        ...


class Accounts(Protocol):
    async def find_many(self, account_ids: Collection[UUID]) -> Found[Account]:
        """Whom to reach, of at most 100. Raises ServiceUnavailable."""
        ...

    async def administrators(self) -> list[UUID]:
        """The accounts of those who run the clinic. Raises ServiceUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider took the message."""

    provider: str
    provider_message_id: str | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A calendar object (RFC 5545) and the METHOD that it names: `REQUEST` or `CANCEL`."""

    method: str
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """`message_id` (with its angle brackets) is the same on every attempt, so that mailboxes show one.

    `headers` are added as they are, such as List-Unsubscribe.
    """

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    invitation: Invitation | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """`maybe_sent_since`: an attempt from then on may have been taken; look for it before you send.

    `template` names the wording by type and language, `SIGN_IN_CODE.en`: India asks for its registered id.
    """

    to: str
    text: str
    maybe_sent_since: datetime | None
    template: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """To one device. `data` are ids alone; `message_id` is the same on every attempt, so that a device shows one."""

    token: str
    title: str
    body: str
    message_id: str
    data: Mapping[str, str] = field(default_factory=dict)


class EmailProvider(Protocol):
    async def send(self, mail: Mail) -> Receipt: ...


class SmsProvider(Protocol):
    async def send(self, text: Text) -> Receipt: ...


class PushProvider(Protocol):
    async def send(self, push: Push) -> Receipt: ...


class Callbacks(Protocol):
    """Who may say how text messages ended."""

    def genuine(self, fields: Mapping[str, Sequence[str]], signature: str) -> bool:
        """Whether the provider signed these fields of a form for our address."""
        ...

    def why_gone(self, code: int) -> SuppressionCause | None:
        """What an error of the provider's says about the number for ever, if anything."""
        ...
