"""Reconciliation, for administrators: each day's report, what differs, and why."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from niyat.kernel.auth import Admin
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.fields import Day
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_id, next_cursor
from niyat.payments import errors, reconciliation_queries
from niyat.payments.commands.ask_reconciliation import ask_for_day
from niyat.payments.commands.explain_difference import explain_difference
from niyat.payments.http.here import Here
from niyat.payments.http.reconciliation_shapes import (
    DayReportView,
    DifferenceView,
    ExplainBody,
    RunBody,
    RunView,
)
from niyat.payments.http.table import TABLE
from niyat.payments.reconciliation import DifferenceKind, DifferenceStatus

router = APIRouter(tags=["reconciliation"])

READING = (Unauthenticated, Forbidden, InvalidRequest)


@router.post(
    "/runs",
    status_code=202,
    response_model=RunView,
    summary="Have a day's report read now",
    responses=problems(TABLE, *READING, IdempotencyKeyReused, errors.DayNotOver),
)
async def ask_for_run(body: RunBody, who: Admin, parts: Here, once: OnceOnly) -> JSONResponse:
    """Administrators only. Every day's report is read by itself, too. Look at the run for what came of it."""

    async def command(conn: Connection) -> Answer:
        run_id = await ask_for_day(conn, body.day, asked_by=who.account_id)
        shown = RunView.model_validate(await reconciliation_queries.find_run(conn, run_id))
        return Answer(202, shown.model_dump(mode="json"))

    answer = await answer_once(parts.db, once, command)
    parts.reports.ring()
    return answer.response()


@router.get(
    "/runs",
    response_model=Page[RunView],
    summary="Readings of the reports, the newest first",
    responses=problems(TABLE, *READING),
)
async def list_runs(
    _: Admin, db: Db, day: Day | None = None, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[RunView]:
    """Administrators only."""
    found = await reconciliation_queries.runs(db, day, after_id(cursor), limit)
    return Page[RunView](
        items=[RunView.model_validate(run) for run in found[:limit]],
        next_cursor=next_cursor(found, limit, "run_id"),
    )


@router.get(
    "/runs/{run_id}",
    response_model=RunView,
    summary="One reading of a report",
    responses=problems(TABLE, *READING, errors.RunNotFound),
)
async def get_run(run_id: UUID, _: Admin, db: Db) -> RunView:
    """Administrators only."""
    return RunView.model_validate(await reconciliation_queries.find_run(db, run_id))


@router.get(
    "/days/{day}",
    response_model=DayReportView,
    summary="A day's settlements, and every difference",
    responses=problems(TABLE, *READING),
)
async def reconciliation_report(day: Day, _: Admin, db: Db) -> DayReportView:
    """Administrators only. The day is the provider's (Asia/Kolkata)."""
    return DayReportView.model_validate(await reconciliation_queries.day_report(db, day))


@router.get(
    "/differences",
    response_model=Page[DifferenceView],
    summary="Where the reports and the books differ, the newest first",
    responses=problems(TABLE, *READING),
)
async def list_differences(
    _: Admin,
    db: Db,
    status: Annotated[DifferenceStatus | None, Query()] = None,
    kind: Annotated[DifferenceKind | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[DifferenceView]:
    """Administrators only."""
    found = await reconciliation_queries.differences(db, status, kind, after_id(cursor), limit)
    return Page[DifferenceView](
        items=[DifferenceView.model_validate(difference) for difference in found[:limit]],
        next_cursor=next_cursor(found, limit, "difference_id"),
    )


@router.post(
    "/differences/{difference_id}/explain",
    response_model=DifferenceView,
    summary="Explain a difference, and say where its money belongs",
    responses=problems(
        TABLE,
        *READING,
        IdempotencyKeyReused,
        errors.DifferenceNotFound,
        errors.DifferenceExplained,
        errors.AccountNotFound,
        errors.AccountNotCorrectable,
        errors.NotInSuspense,
        errors.MoneyInSuspense,
    ),
)
async def explain_one_difference(
    difference_id: UUID, body: ExplainBody, who: Admin, db: Db, once: OnceOnly
) -> JSONResponse:
    """Administrators only; the reason is kept for the record. The last difference of a settlement cannot be closed
    while any of its money is in suspense.
    """

    async def command(conn: Connection) -> Answer:
        await explain_difference(
            conn, difference_id, reason=body.reason, account=body.account, actor_id=who.account_id
        )
        shown = DifferenceView.model_validate(
            await reconciliation_queries.find_difference(conn, difference_id)
        )
        return Answer(200, shown.model_dump(mode="json"))

    return (await answer_once(db, once, command)).response()
