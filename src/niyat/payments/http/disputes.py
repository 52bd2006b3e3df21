"""Disputes, for administrators. Evidence is given in the provider's own dashboard; here it is noted what was done."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from niyat.kernel.auth import Admin
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_id, next_cursor
from niyat.payments import dispute_queries, errors
from niyat.payments.commands.note_dispute import note_dispute
from niyat.payments.disputes import DisputeStatus
from niyat.payments.http.dispute_shapes import DisputeInFullView, DisputeNoteBody, DisputeView
from niyat.payments.http.table import TABLE

router = APIRouter(tags=["disputes"], prefix="/disputes")

READING = (Unauthenticated, Forbidden, InvalidRequest)


@router.get(
    "",
    response_model=Page[DisputeView],
    summary="Disputes, the newest first",
    responses=problems(TABLE, *READING),
)
async def list_disputes(
    _: Admin,
    db: Db,
    status: Annotated[DisputeStatus | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[DisputeView]:
    """Administrators only. While one is `open` or `under-review`, its visit's refunds and payout wait."""
    found = await dispute_queries.disputes(db, status, after_id(cursor), limit)
    return Page[DisputeView](
        items=[DisputeView.model_validate(dispute) for dispute in found[:limit]],
        next_cursor=next_cursor(found, limit, "dispute_id"),
    )


@router.get(
    "/{dispute_id}",
    response_model=DisputeInFullView,
    summary="A dispute with its notes",
    responses=problems(TABLE, *READING, errors.DisputeNotFound),
)
async def get_dispute(dispute_id: UUID, _: Admin, db: Db) -> DisputeInFullView:
    """Administrators only."""
    return DisputeInFullView.model_validate(await dispute_queries.dispute_in_full(db, dispute_id))


@router.post(
    "/{dispute_id}/notes",
    status_code=201,
    response_model=DisputeInFullView,
    summary="Write down what was done about a dispute",
    responses=problems(TABLE, *READING, IdempotencyKeyReused, errors.DisputeNotFound),
)
async def add_dispute_note(
    dispute_id: UUID, body: DisputeNoteBody, who: Admin, db: Db, once: OnceOnly
) -> JSONResponse:
    """Administrators only. Notes are kept for ever."""

    async def command(conn: Connection) -> Answer:
        await note_dispute(conn, dispute_id, body.note, actor_id=who.account_id)
        shown = DisputeInFullView.model_validate(await dispute_queries.dispute_in_full(conn, dispute_id))
        return Answer(201, shown.model_dump(mode="json"))

    return (await answer_once(db, once, command)).response()
