"""What was told: for the person it was told to, and for staff."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from niyat.kernel.auth import Admin, Who
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.fields import Instant, ReasonBody
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_id, next_cursor
from niyat.notifications import errors
from niyat.notifications.commands.replay import replay, replay_all
from niyat.notifications.commands.send import send_by_hand
from niyat.notifications.domain import NotificationChannel, NotificationStatus, NotificationType
from niyat.notifications.http.here import Here
from niyat.notifications.http.shapes import (
    FailuresView,
    FailureView,
    LoggedInFullView,
    LoggedView,
    QueuedView,
    ReplayedView,
    ReplayFailuresBody,
    SendBody,
    ToldView,
)
from niyat.notifications.http.table import TABLE
from niyat.notifications.queries import NotificationFilter, failures, find_notification, list_notifications

router = APIRouter(tags=["notifications"])

From = Annotated[Instant | None, Query(alias="from", description="Due at this instant or later")]
Before = Annotated[Instant | None, Query(alias="to", description="Due before this instant")]


@router.get(
    "/api/v1/notifications/user/{account_id}",
    summary="What a person was told, newest first",
    responses=problems(TABLE, Unauthenticated, InvalidRequest, errors.NotificationNotFound),
)
async def user_notifications(
    account_id: UUID, who: Who, db: Db, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[ToldView]:
    """One's own; an administrator may see anybody's. Sign-in codes are not listed."""
    if who.account_id != account_id and not who.has("admin"):
        raise errors.NotificationNotFound
    wanted = NotificationFilter(account_id=account_id)
    rows = await list_notifications(db, wanted, before=after_id(cursor), limit=limit)
    return Page(
        items=[ToldView.model_validate(dict(row)) for row in rows[:limit]],
        next_cursor=next_cursor(rows, limit, "notification_id"),
    )


@router.get(
    "/api/v1/notifications",
    summary="The delivery log",
    responses=problems(TABLE, Unauthenticated, Forbidden, InvalidRequest),
)
async def delivery_log(
    _: Admin,
    db: Db,
    status: NotificationStatus | None = None,
    type: NotificationType | None = None,  # noqa: A002 - the parameter's public name
    account_id: UUID | None = None,
    appointment_id: UUID | None = None,
    channel: NotificationChannel | None = None,
    due_from: From = None,
    due_before: Before = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[LoggedView]:
    """For administrators, newest first. `status=failed` is the dead letter: each can be replayed."""
    wanted = NotificationFilter(
        account_id=account_id,
        status=status,
        type=type,
        appointment_id=appointment_id,
        channel=channel,
        due_from=due_from,
        due_before=due_before,
    )
    rows = await list_notifications(db, wanted, before=after_id(cursor), limit=limit)
    return Page(
        items=[LoggedView.model_validate(dict(row)) for row in rows[:limit]],
        next_cursor=next_cursor(rows, limit, "notification_id"),
    )


@router.get(
    "/api/v1/notifications/failures",
    summary="The dead letter, counted by cause",
    responses=problems(TABLE, Unauthenticated, Forbidden, InvalidRequest),
)
async def failures_by_cause(_: Admin, db: Db) -> FailuresView:
    """What failed for good, by type, channel and cause, the latest first; up to 500 causes."""
    return FailuresView(items=[FailureView.model_validate(dict(row)) for row in await failures(db)])


@router.post(
    "/api/v1/notifications/failures/replay",
    status_code=202,
    response_model=ReplayedView,
    summary="Send again what failed for one cause",
    responses=problems(TABLE, Unauthenticated, Forbidden, InvalidRequest, IdempotencyKeyReused),
)
async def replay_failures(body: ReplayFailuresBody, who: Admin, parts: Here, once: OnceOnly) -> JSONResponse:
    """After an outage, say. Up to 1,000 at a time, the oldest first; each is checked before it leaves."""

    async def command(conn: Connection) -> Answer:
        count = await replay_all(
            conn, body.type, body.channel, body.error_code, actor_id=who.account_id, reason=body.reason
        )
        return Answer(202, ReplayedView(count=count).model_dump(mode="json"))

    answer = await answer_once(parts.db, once, command)
    return answer.response()


@router.get(
    "/api/v1/notifications/{notification_id}",
    summary="One notification with every attempt",
    responses=problems(TABLE, Unauthenticated, Forbidden, InvalidRequest, errors.NotificationNotFound),
)
async def get_notification(notification_id: UUID, _: Admin, db: Db) -> LoggedInFullView:
    row, log = await find_notification(db, notification_id)
    return LoggedInFullView.model_validate(dict(row) | {"attempts": [dict(line) for line in log]})


@router.post(
    "/api/v1/notifications/send",
    status_code=202,
    response_model=QueuedView,
    summary="Tell a patient again how an appointment stands",
    responses=problems(
        TABLE, Unauthenticated, Forbidden, InvalidRequest, errors.ChannelDisabled, IdempotencyKeyReused
    ),
)
async def send(body: SendBody, who: Admin, parts: Here, once: OnceOnly) -> JSONResponse:
    """It is checked before it leaves: nothing is sent about a cancelled or somebody else's appointment."""
    parts.require_enabled(body.channel)

    async def command(conn: Connection) -> Answer:
        notification_id = await send_by_hand(
            conn,
            body.type,
            body.channel,
            account_id=body.account_id,
            appointment_id=body.appointment_id,
            actor_id=who.account_id,
            reason=body.reason,
        )
        return Answer(202, QueuedView(notification_id=notification_id).model_dump(mode="json"))

    answer = await answer_once(parts.db, once, command)
    return answer.response()


@router.post(
    "/api/v1/notifications/{notification_id}/replay",
    status_code=202,
    response_model=QueuedView,
    summary="Send a failed notification again",
    responses=problems(
        TABLE,
        Unauthenticated,
        Forbidden,
        InvalidRequest,
        errors.NotificationNotFound,
        errors.NotificationNotFailed,
        IdempotencyKeyReused,
    ),
)
async def replay_notification(
    notification_id: UUID, body: ReasonBody, who: Admin, parts: Here, once: OnceOnly
) -> JSONResponse:
    async def command(conn: Connection) -> Answer:
        await replay(conn, notification_id, actor_id=who.account_id, reason=body.reason)
        return Answer(202, QueuedView(notification_id=notification_id).model_dump(mode="json"))

    answer = await answer_once(parts.db, once, command)
    return answer.response()
