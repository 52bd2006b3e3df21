"""Payouts to doctors: found and looked at, left out of a batch, tried again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from niyat.kernel.auth import Admin, Who
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
from niyat.payments.commands.cancel_payout import cancel_payout
from niyat.payments.commands.look_again import look_again
from niyat.payments.commands.retry_payout import retry_payout
from niyat.payments.http.here import Here
from niyat.payments.http.payout_access import is_theirs
from niyat.payments.http.payout_shapes import PayoutInFullView, PayoutView
from niyat.payments.http.table import TABLE
from niyat.payments.payout_queries import PayoutFilter
from niyat.payments.payouts import PayoutStatus

router = APIRouter(tags=["payouts"])

DECIDING = (Unauthenticated, Forbidden, InvalidRequest, IdempotencyKeyReused, errors.PayoutNotFound)


@router.get(
    "",
    response_model=Page[PayoutView],
    summary="Payouts, the newest first",
    responses=problems(TABLE, Unauthenticated, Forbidden, InvalidRequest),
)
async def list_payouts(
    _: Admin,
    db: Db,
    doctor_id: UUID | None = None,
    status: Annotated[PayoutStatus | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[PayoutView]:
    """Administrators only; a doctor's own are under `/doctors/{doctor_id}`."""
    which = PayoutFilter(doctor_id=doctor_id, status=status)
    found = await payout_queries.payouts(db, which, after_id(cursor), limit)
    return Page[PayoutView](
        items=[PayoutView.model_validate(payout) for payout in found[:limit]],
        next_cursor=next_cursor(found, limit, "payout_id"),
    )


@router.get(
    "/{payout_id}",
    response_model=PayoutInFullView,
    summary="A payout with its history",
    responses=problems(TABLE, Unauthenticated, InvalidRequest, ServiceUnavailable, errors.PayoutNotFound),
)
async def get_payout(payout_id: UUID, who: Who, parts: Here) -> PayoutInFullView:
    """One's own; an administrator may see anybody's."""
    found = await payout_queries.payout_in_full(parts.db, payout_id)
    if not await is_theirs(parts, who, found["doctor_id"]):
        raise errors.PayoutNotFound
    return PayoutInFullView.model_validate(found)


@router.post(
    "/{payout_id}/cancel",
    response_model=PayoutInFullView,
    summary="Leave a payout out of its batch",
    responses=problems(TABLE, *DECIDING, errors.PayoutNotPending),
)
async def leave_payout_out(
    payout_id: UUID, body: ReasonBody, who: Admin, db: Db, once: OnceOnly
) -> JSONResponse:
    """Administrators only, before approval. The doctor stays owed, and the next batch proposes it again."""

    async def command(conn: Connection) -> Answer:
        await cancel_payout(conn, payout_id, reason=body.reason, actor_id=who.account_id)
        return await _answer(conn, payout_id, 200)

    return (await answer_once(db, once, command)).response()


@router.post(
    "/{payout_id}/retry",
    status_code=201,
    response_model=PayoutInFullView,
    summary="Try a payout again that failed or came back",
    responses=problems(
        TABLE,
        *DECIDING,
        errors.PayoutsNotSetUp,
        errors.PayoutNotReturned,
        errors.PayoutRetried,
        errors.PayoutProposed,
        errors.PayoutTooLarge,
        errors.PayoutNotCovered,
        errors.FundAccountNotFound,
        ServiceUnavailable,
    ),
)
async def try_payout_again(
    payout_id: UUID, body: ReasonBody, who: Admin, parts: Here, once: OnceOnly
) -> JSONResponse:
    """Administrators only. A new payout of the same amount, approved at once, to the doctor's present account.

    A payout whose outcome is not known is never followed by another.
    """
    parts.require_payer()
    await look_again(parts, payout_id)

    async def command(conn: Connection) -> Answer:
        retry_id = await retry_payout(conn, payout_id, reason=body.reason, actor_id=who.account_id)
        return await _answer(conn, retry_id, 201)

    return (await answer_once(parts.db, once, command)).response()


async def _answer(conn: Connection, payout_id: UUID, status: int) -> Answer:
    shown = PayoutInFullView.model_validate(await payout_queries.payout_in_full(conn, payout_id))
    return Answer(status, shown.model_dump(mode="json"))
