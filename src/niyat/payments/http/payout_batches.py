"""Batches of payouts, for administrators: proposed by the schedule or by hand, approved or discarded."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from niyat.kernel.auth import Admin
from niyat.kernel.db import Connection
from niyat.kernel.errors import (
    Forbidden,
    IdempotencyKeyReused,
    InvalidRequest,
    ServiceUnavailable,
    Unauthenticated,
)
from niyat.kernel.fields import ReasonBody
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_id, next_cursor
from niyat.payments import errors, payout_queries
from niyat.payments.commands.decide_batch import approve_batch, discard_batch
from niyat.payments.commands.look_again import look_again_for
from niyat.payments.commands.propose_payouts import propose_by_hand
from niyat.payments.http.here import Here
from niyat.payments.http.payout_shapes import (
    PayoutBatchInFullView,
    PayoutBatchView,
    ProposeBody,
)
from niyat.payments.http.table import TABLE

router = APIRouter(prefix="/batches", tags=["payouts"])

READING = (Unauthenticated, Forbidden, InvalidRequest)
WRITING = (*READING, IdempotencyKeyReused)
DECIDING = (*WRITING, errors.PayoutBatchNotFound, errors.PayoutBatchDecided)


@router.get(
    "",
    response_model=Page[PayoutBatchView],
    summary="Batches of payouts, the newest first",
    responses=problems(TABLE, *READING),
)
async def list_batches(
    _: Admin, db: Db, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[PayoutBatchView]:
    """Administrators only."""
    found = await payout_queries.batches(db, after_id(cursor), limit)
    return Page[PayoutBatchView](
        items=[PayoutBatchView.model_validate(batch) for batch in found[:limit]],
        next_cursor=next_cursor(found, limit, "batch_id"),
    )


@router.get(
    "/{batch_id}",
    response_model=PayoutBatchInFullView,
    summary="A batch with its payouts",
    responses=problems(TABLE, *READING, errors.PayoutBatchNotFound),
)
async def get_batch(batch_id: UUID, _: Admin, db: Db) -> PayoutBatchInFullView:
    """Administrators only."""
    return PayoutBatchInFullView.model_validate(await payout_queries.batch_in_full(db, batch_id))


@router.post(
    "",
    status_code=201,
    response_model=PayoutBatchInFullView,
    summary="Propose a batch of payouts now",
    responses=problems(TABLE, *WRITING, errors.PayoutsNotSetUp, errors.NothingToPayOut),
)
async def propose_batch(body: ProposeBody, who: Admin, parts: Here, once: OnceOnly) -> JSONResponse:
    """Administrators only. One payout to each doctor of what is owed; nothing moves before the batch is approved.

    Left out: visits under dispute, doctors without a fund account or owed less than the least amount.
    """
    parts.require_payer()

    async def command(conn: Connection) -> Answer:
        batch_id = await propose_by_hand(
            conn, parts, until=body.until, reason=body.reason, actor_id=who.account_id
        )
        return await _answer(conn, batch_id, 201)

    return (await answer_once(parts.db, once, command)).response()


@router.post(
    "/{batch_id}/approve",
    response_model=PayoutBatchInFullView,
    summary="Approve a batch: its payouts are sent",
    responses=problems(TABLE, *DECIDING, errors.PayoutsNotSetUp, ServiceUnavailable),
)
async def approve_payouts(
    batch_id: UUID, body: ReasonBody, who: Admin, parts: Here, once: OnceOnly
) -> JSONResponse:
    """Administrators only. Left out (`cancelled`, with a reason) is what is owed no longer, or elsewhere."""
    parts.require_payer()
    await look_again_for(parts, batch_id)

    async def command(conn: Connection) -> Answer:
        await approve_batch(conn, batch_id, reason=body.reason, actor_id=who.account_id)
        return await _answer(conn, batch_id, 200)

    return (await answer_once(parts.db, once, command)).response()


@router.post(
    "/{batch_id}/discard",
    response_model=PayoutBatchInFullView,
    summary="Discard a batch: nothing of it is paid",
    responses=problems(TABLE, *DECIDING),
)
async def discard_payouts(
    batch_id: UUID, body: ReasonBody, who: Admin, db: Db, once: OnceOnly
) -> JSONResponse:
    """Administrators only. The doctors stay owed, and the next batch proposes it again."""

    async def command(conn: Connection) -> Answer:
        await discard_batch(conn, batch_id, reason=body.reason, actor_id=who.account_id)
        return await _answer(conn, batch_id, 200)

    return (await answer_once(db, once, command)).response()


async def _answer(conn: Connection, batch_id: UUID, status: int) -> Answer:
    shown = PayoutBatchInFullView.model_validate(await payout_queries.batch_in_full(conn, batch_id))
    return Answer(status, shown.model_dump(mode="json"))
