"""Addresses that nothing is sent to any more, for staff."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from niyat.kernel.auth import Admin
from niyat.kernel.errors import Forbidden, InvalidRequest, Unauthenticated
from niyat.kernel.fields import ReasonBody
from niyat.kernel.http import Db, problems
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_id, next_cursor
from niyat.notifications import errors
from niyat.notifications.commands.lift_suppression import lift_suppression
from niyat.notifications.http.channel_shapes import SuppressionView
from niyat.notifications.http.table import TABLE
from niyat.notifications.queries import list_suppressions

router = APIRouter(prefix="/api/v1/notifications/suppressed-addresses", tags=["suppressed addresses"])


@router.get(
    "",
    summary="Addresses that nothing is sent to",
    responses=problems(TABLE, Unauthenticated, Forbidden, InvalidRequest),
)
async def suppressed_addresses(
    _: Admin,
    db: Db,
    account_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[SuppressionView]:
    """Newest first: mailboxes that are not there, numbers that cannot be reached, people who answered STOP."""
    rows = await list_suppressions(db, account_id=account_id, before=after_id(cursor), limit=limit)
    return Page(
        items=[SuppressionView.model_validate(dict(row)) for row in rows[:limit]],
        next_cursor=next_cursor(rows, limit, "suppression_id"),
    )


@router.post(
    "/{suppression_id}/lift",
    status_code=204,
    summary="Write to an address again",
    responses=problems(TABLE, Unauthenticated, Forbidden, InvalidRequest, errors.SuppressionNotFound),
)
async def lift(suppression_id: UUID, body: ReasonBody, who: Admin, db: Db) -> Response:
    """What failed meanwhile is not sent again by itself; it can be replayed."""
    await db.run(lift_suppression, suppression_id, actor_id=who.account_id, reason=body.reason)
    return Response(status_code=204)
