"""What the routes take and give."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, EmailStr, Field, SecretStr, TypeAdapter, model_validator

from niyat.kernel.fields import ONE_LINE, Body, Reason, ReasonBody
from niyat.notifications.domain import NotificationChannel, NotificationStatus, NotificationType

EMAIL: TypeAdapter[str] = TypeAdapter(EmailStr)
PHONE: TypeAdapter[str] = TypeAdapter(Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")])


class ToldView(BaseModel):
    """One thing that was, or will be, told."""

    notification_id: UUID
    type: NotificationType
    channel: NotificationChannel
    status: NotificationStatus
    appointment_id: UUID | None
    due_at: datetime
    created_at: datetime
    finished_at: datetime | None


class LoggedView(ToldView):
    """The same for staff, with what went wrong."""

    account_id: UUID | None
    revision: int | None
    offset_minutes: int | None
    tries: int
    last_error: str | None
    message_id: str | None


class AttemptView(BaseModel):
    """One line of the delivery log. The address is masked."""

    status: NotificationStatus
    channel: NotificationChannel
    address_masked: str | None
    provider: str | None
    provider_message_id: str | None
    template_version: int | None
    tries: int
    error_code: str | None
    actor_id: UUID | None
    reason: str | None
    recorded_at: datetime


class LoggedInFullView(LoggedView):
    """The same with every attempt."""

    attempts: list[AttemptView]


class SendBody(Body):
    """What staff can tell a patient again: how an appointment stands now."""

    type: Literal[NotificationType.APPOINTMENT_CONFIRMED, NotificationType.APPOINTMENT_REMINDER]
    channel: Literal[NotificationChannel.EMAIL, NotificationChannel.SMS] = NotificationChannel.EMAIL
    account_id: UUID
    appointment_id: UUID
    reason: Reason


class FailureView(BaseModel):
    """So many of one type on one channel failed for one cause, the last of them at `last_at`."""

    type: NotificationType
    channel: NotificationChannel
    error_code: str | None
    count: int
    first_at: datetime
    last_at: datetime


class FailuresView(BaseModel):
    """The dead letter by cause."""

    items: list[FailureView]


class ReplayFailuresBody(ReasonBody):
    """Which cause, as `failures` names it."""

    type: NotificationType
    channel: NotificationChannel
    error_code: str = Field(max_length=100, pattern=ONE_LINE)


class ReplayedView(BaseModel):
    """So many wait to be sent again."""

    count: int


class QueuedView(BaseModel):
    """It waits to be sent."""

    notification_id: UUID
    status: Literal[NotificationStatus.QUEUED] = NotificationStatus.QUEUED


class CodeBody(Body):
    """A one-time code that identity made."""

    challenge_id: UUID
    channel: Literal[NotificationChannel.SMS, NotificationChannel.EMAIL]
    address: SecretStr
    code: SecretStr = Field(min_length=4, max_length=12)
    expires_at: AwareDatetime = Field(
        gt=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(9000, 1, 1, tzinfo=UTC)
    )
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}$")

    @model_validator(mode="after")
    def _address_fits_channel(self) -> CodeBody:
        address = self.address.get_secret_value()
        if self.channel is NotificationChannel.EMAIL:
            EMAIL.validate_python(address)
        else:
            PHONE.validate_python(address)
        return self
