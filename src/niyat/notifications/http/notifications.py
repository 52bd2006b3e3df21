"""What was told: for the person it was told to, and for staff."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from niyat.kernel.auth import Admin, Who
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.notifications import errors
from niyat.notifications.commands.replay import replay
from niyat.notifications.commands.send import send_by_hand
from niyat.notifications.domain import NotificationStatus, NotificationType
from niyat.notifications.http.common import ERRORS, require_enabled, ring
from niyat.notifications.http.forms import (
    Cursor,
    Limit,
    Logged,
    LoggedInFull,
    LoggedPage,
    Queued,
    ReplayForm,
    SendForm,
    Told,
    ToldPage,
)
from niyat.notifications.queries import find_notification, list_notifications

router = APIRouter(tags=["notifications"])


@router.get(
    "/api/v1/notifications/user/{user_id}",
    summary="What a person was told, newest first",
    responses=problems(ERRORS, Unauthenticated, Forbidden),
)
async def user_notifications(
    user_id: UUID, who: Who, db: Db, cursor: Cursor = None, limit: Limit = 20
) -> ToldPage:
    """One's own; an administrator may see anybody's. Sign-in codes are not listed."""
    if who.account_id != user_id and not who.has("admin"):
        raise Forbidden
    rows, next_cursor = await list_notifications(db, account_id=user_id, before=cursor, limit=limit)
    return ToldPage(items=[Told.model_validate(dict(row)) for row in rows], next_cursor=next_cursor)


@router.get(
    "/api/v1/notifications",
    summary="The delivery log",
    responses=problems(ERRORS, Unauthenticated, Forbidden),
)
async def delivery_log(
    _: Admin,
    db: Db,
    status: NotificationStatus | None = None,
    type: NotificationType | None = None,  # noqa: A002 - the parameter's public name
    user_id: UUID | None = None,
    appointment_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> LoggedPage:
    """For administrators, newest first. `status=failed` is the dead letter: each can be replayed."""
    rows, next_cursor = await list_notifications(
        db,
        account_id=user_id,
        status=status,
        kind=type,
        appointment_id=appointment_id,
        before=cursor,
        limit=limit,
    )
    return LoggedPage(items=[Logged.model_validate(dict(row)) for row in rows], next_cursor=next_cursor)


@router.get(
    "/api/v1/notifications/{notification_id}",
    summary="One notification with every attempt",
    responses=problems(ERRORS, Unauthenticated, Forbidden, errors.NotificationUnknown),
)
async def one_notification(notification_id: UUID, _: Admin, db: Db) -> LoggedInFull:
    row, log = await find_notification(db, notification_id)
    return LoggedInFull.model_validate(dict(row) | {"attempts": [dict(line) for line in log]})


@router.post(
    "/api/v1/notifications/send",
    status_code=202,
    response_model=Queued,
    summary="Tell a patient again how an appointment stands",
    responses=problems(ERRORS, Unauthenticated, Forbidden, errors.ChannelDisabled, IdempotencyKeyReused),
)
async def send(form: SendForm, who: Admin, db: Db, once: OnceOnly, request: Request) -> JSONResponse:
    """It is checked before it leaves: nothing is sent about a cancelled or somebody else's appointment."""
    require_enabled(request, form.channel)

    async def command(conn: Connection) -> Answer:
        notification_id = await send_by_hand(
            conn,
            form.type,
            form.channel,
            account_id=form.user_id,
            appointment_id=form.appointment_id,
            actor_id=who.account_id,
            reason=form.reason,
        )
        return Answer(202, Queued(notification_id=notification_id).model_dump(mode="json"))

    answer = await answer_once(db, once, command)
    ring(request)
    return answer.response()


@router.post(
    "/api/v1/notifications/{notification_id}/replay",
    status_code=202,
    response_model=Queued,
    summary="Send a failed notification again",
    responses=problems(
        ERRORS,
        Unauthenticated,
        Forbidden,
        errors.NotificationUnknown,
        errors.NotificationNotFailed,
        IdempotencyKeyReused,
    ),
)
async def replay_notification(
    notification_id: UUID, form: ReplayForm, who: Admin, db: Db, once: OnceOnly, request: Request
) -> JSONResponse:
    async def command(conn: Connection) -> Answer:
        await replay(conn, notification_id, actor_id=who.account_id, reason=form.reason)
        return Answer(202, Queued(notification_id=notification_id).model_dump(mode="json"))

    answer = await answer_once(db, once, command)
    ring(request)
    return answer.response()
