"""What the routes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from niyat.notifications.domain import NotificationChannel, NotificationStatus, NotificationType

Limit = Annotated[int, Query(ge=1, le=100, description="Rows on a page")]
Cursor = Annotated[UUID | None, Query(description="`next_cursor` of the page before")]
Reason = Annotated[
    str, Field(min_length=3, max_length=500, pattern=r"^[^\x00]*$", description="Why; it is kept in the log")
]


class Told(BaseModel):
    """One thing that was, or will be, told."""

    notification_id: UUID
    type: NotificationType
    channel: NotificationChannel
    status: NotificationStatus
    appointment_id: UUID | None
    due_at: datetime
    created_at: datetime
    finished_at: datetime | None


class ToldPage(BaseModel):
    items: list[Told]
    next_cursor: UUID | None


class Logged(Told):
    """The same for staff, with what went wrong."""

    user_id: UUID | None
    revision: int | None
    offset_minutes: int | None
    tries: int
    last_error: str | None
    message_id: str | None


class LoggedPage(BaseModel):
    items: list[Logged]
    next_cursor: UUID | None


class Attempt(BaseModel):
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


class LoggedInFull(Logged):
    attempts: list[Attempt]


class SendForm(BaseModel):
    """What staff can tell a patient again: how an appointment stands now."""

    model_config = ConfigDict(extra="forbid")

    type: Literal[NotificationType.APPOINTMENT_CONFIRMED, NotificationType.APPOINTMENT_REMINDER]
    channel: Literal[NotificationChannel.EMAIL, NotificationChannel.SMS] = NotificationChannel.EMAIL
    user_id: UUID
    appointment_id: UUID
    reason: Reason


class ReplayForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


class Queued(BaseModel):
    notification_id: UUID
    status: Literal[NotificationStatus.QUEUED] = NotificationStatus.QUEUED
