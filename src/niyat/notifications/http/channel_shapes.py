"""Bodies and answers about devices and suppressed addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from pydantic import BaseModel, StringConstraints

from niyat.kernel.fields import Body
from niyat.notifications.domain import DevicePlatform, NotificationChannel, SuppressionCause

DeviceToken: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[A-Za-z0-9_:.~-]+$")
]


class DeviceBody(Body):
    """The registration token that the app got from Firebase."""

    token: DeviceToken
    platform: DevicePlatform


class DeviceView(BaseModel):
    """A device that takes push messages."""

    device_id: UUID
    platform: DevicePlatform


class SuppressionView(BaseModel):
    """An address that nothing is sent to, and why. The address is masked."""

    suppression_id: UUID
    channel: NotificationChannel
    address_masked: str
    cause: SuppressionCause
    error_code: str
    notification_id: UUID | None
    account_id: UUID | None
    suppressed_at: datetime
