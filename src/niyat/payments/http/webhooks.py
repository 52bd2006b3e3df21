"""The log of the payment provider's webhooks: what came, what became of it, and once more."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from niyat.kernel.auth import Admin
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.fields import Instant, ReasonBody
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_id, next_cursor
from niyat.payments import errors
from niyat.payments.commands.webhook_replay import replay_webhook
from niyat.payments.http.here import Here
from niyat.payments.http.table import TABLE
from niyat.payments.http.webhook_shapes import (
    WebhookInFullView,
    WebhookOutcome,
    WebhookStatus,
    WebhookView,
)
from niyat.payments.webhook_queries import WebhookFilter, webhook_in_full, webhooks

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

READING = (Unauthenticated, Forbidden, InvalidRequest)


@router.get(
    "",
    response_model=Page[WebhookView],
    summary="Webhooks of the payment provider, the newest first",
    responses=problems(TABLE, *READING),
)
async def list_webhooks(
    _: Admin,
    db: Db,
    status: WebhookStatus | None = None,
    type_: Annotated[str | None, Query(alias="type", pattern=r"^[a-z_.]{1,80}$")] = None,
    outcome: WebhookOutcome | None = None,
    gateway_payment_id: Annotated[str | None, Query(pattern=r"^pay_[A-Za-z0-9]{1,40}$")] = None,
    event_id: Annotated[str | None, Query(pattern=r"^[!-~]{1,255}$")] = None,
    from_at: Annotated[Instant | None, Query(alias="from", description="Received since then")] = None,
    to_at: Annotated[Instant | None, Query(alias="to", description="Received before then")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[WebhookView]:
    """Administrators only. Those worked off are kept for thirty days, the others until they are."""
    which = WebhookFilter(
        status=status,
        type=type_,
        outcome=outcome,
        gateway_payment_id=gateway_payment_id,
        event_id=event_id,
        from_at=from_at,
        to_at=to_at,
    )
    found = await webhooks(db, which, after_id(cursor), limit)
    return Page[WebhookView](
        items=[WebhookView.model_validate(webhook) for webhook in found[:limit]],
        next_cursor=next_cursor(found, limit, "webhook_id"),
    )


@router.get(
    "/{webhook_id}",
    response_model=WebhookInFullView,
    summary="One webhook with the facts it told",
    responses=problems(TABLE, *READING, errors.WebhookNotFound),
)
async def get_webhook(webhook_id: UUID, _: Admin, parts: Here) -> WebhookInFullView:
    """Administrators only."""
    return WebhookInFullView.model_validate(await webhook_in_full(parts.db, parts.gateway, webhook_id))


@router.post(
    "/{webhook_id}/replay",
    response_model=WebhookInFullView,
    summary="Work a webhook off once more",
    responses=problems(TABLE, *READING, IdempotencyKeyReused, errors.WebhookNotFound, errors.WebhookWaiting),
)
async def replay_one_webhook(
    webhook_id: UUID, body: ReasonBody, who: Admin, parts: Here, once: OnceOnly
) -> JSONResponse:
    """Administrators only. Facts only move forward: one that is known already changes nothing."""

    async def command(conn: Connection) -> Answer:
        await replay_webhook(conn, webhook_id, actor_id=who.account_id, reason=body.reason)
        shown = WebhookInFullView.model_validate(await webhook_in_full(conn, parts.gateway, webhook_id))
        return Answer(200, shown.model_dump(mode="json"))

    answer = await answer_once(parts.db, once, command)
    parts.webhooks.ring()
    return answer.response()
