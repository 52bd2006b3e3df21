"""What the link in a mail can do, with nothing but its token (RFC 8058). Only POST acts: mail scanners follow links."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from niyat.kernel.errors import InvalidRequest
from niyat.kernel.fields import Body, ReasonCode
from niyat.kernel.http import Db, problems
from niyat.notifications.commands.set_preferences import Consent, unsubscribe
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.errors import UnsubscribeLinkNotFound
from niyat.notifications.http.here import Here
from niyat.notifications.http.table import TABLE
from niyat.notifications.preference_queries import preferences_of
from niyat.notifications.preferences import channels_for

router = APIRouter(tags=["preferences"])

PATH = "/api/v1/notifications/unsubscribe/{token}"
CHANNEL = NotificationChannel.EMAIL


class UnsubscribeBody(Body):
    """How it came about."""

    way: Literal["one-click", "unsubscribe-page"] = Field(
        default="one-click",
        description="Whether a mail program did it, or somebody pressed the page's button",
    )
    consent_text_version: ReasonCode | None = Field(default=None, description="Of that page")


class SubscriptionView(BaseModel):
    """One type on one channel, and whether it is still told there."""

    type: NotificationType
    channel: NotificationChannel
    enabled: bool


async def _opened(token: Annotated[str, Path(max_length=200)], parts: Here) -> tuple[UUID, NotificationType]:
    return parts.unsubscribe_links.open(token)


Opened = Annotated[tuple[UUID, NotificationType], Depends(_opened)]


@router.get(
    PATH,
    summary="What an unsubscribe link would turn off",
    responses=problems(TABLE, UnsubscribeLinkNotFound, InvalidRequest),
)
async def get_subscription(opened: Opened, db: Db) -> SubscriptionView:
    """Changes nothing."""
    account_id, kind = opened
    async with db.pool.acquire() as conn:
        enabled = CHANNEL in channels_for(await preferences_of(conn, account_id), kind)
    return SubscriptionView(type=kind, channel=CHANNEL, enabled=enabled)


@router.post(
    PATH,
    summary="Turn off what an unsubscribe link names",
    responses=problems(TABLE, UnsubscribeLinkNotFound, InvalidRequest),
)
async def post_unsubscribe(opened: Opened, db: Db, body: UnsubscribeBody | None = None) -> SubscriptionView:
    """Without signing in, and as often as you like: it is off."""
    account_id, kind = opened
    body = body or UnsubscribeBody()
    consent = Consent(way=body.way, text_version=body.consent_text_version)
    await db.run(unsubscribe, account_id, kind, CHANNEL, consent)
    return SubscriptionView(type=kind, channel=CHANNEL, enabled=False)
