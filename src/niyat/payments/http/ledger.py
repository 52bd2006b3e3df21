"""The books, for administrators: balances, entries, closing a period, corrections."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from niyat.kernel.auth import Admin
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.fields import Day, Instant
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_day, after_number, next_cursor
from niyat.payments import errors, ledger_queries
from niyat.payments.commands.close_period import close_period
from niyat.payments.commands.correct_ledger import correct_ledger
from niyat.payments.http.ledger_shapes import (
    AccountName,
    BalancesView,
    ClosePeriodBody,
    CorrectionBody,
    CorrectionView,
    EntryView,
    From,
    PeriodView,
    To,
)
from niyat.payments.http.table import TABLE
from niyat.payments.ledger_queries import EntryFilter

router = APIRouter(tags=["ledger"])

READING = (Unauthenticated, Forbidden, InvalidRequest)
WRITING = (*READING, IdempotencyKeyReused)


@router.get(
    "/balances",
    response_model=BalancesView,
    summary="Every account's balance",
    responses=problems(TABLE, *READING),
)
async def ledger_balances(
    _: Admin,
    db: Db,
    at: Annotated[Instant | None, Query(description="As the books stood at that instant; else now")] = None,
    booked_until: Annotated[
        Day | None, Query(description="Only what is booked on this day or before, as reports are")
    ] = None,
) -> BalancesView:
    """Administrators only. Both may be given: the report of a period as it stood on the day it was made."""
    return BalancesView.model_validate({"items": await ledger_queries.balances(db, booked_until, at)})


@router.get(
    "/entries",
    response_model=Page[EntryView],
    summary="Entries of the ledger, the newest first",
    responses=problems(TABLE, *READING),
)
async def ledger_entries(
    _: Admin,
    db: Db,
    account: Annotated[AccountName | None, Query()] = None,
    from_day: From = None,
    to_day: To = None,
    appointment_id: UUID | None = None,
    doctor_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[EntryView]:
    """Administrators only."""
    which = EntryFilter(
        account=account, from_day=from_day, to_day=to_day, appointment_id=appointment_id, doctor_id=doctor_id
    )
    found = await ledger_queries.entries(db, which, after_number(cursor), limit)
    return Page[EntryView](
        items=[EntryView.model_validate(entry) for entry in found[:limit]],
        next_cursor=next_cursor(found, limit, "entry_id"),
    )


@router.get(
    "/periods",
    response_model=Page[PeriodView],
    summary="The closings of the books, the newest first",
    responses=problems(TABLE, *READING),
)
async def ledger_periods(
    _: Admin, db: Db, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[PeriodView]:
    """Administrators only."""
    found = await ledger_queries.periods(db, after_day(cursor), limit)
    return Page[PeriodView](
        items=[PeriodView.model_validate(period) for period in found[:limit]],
        next_cursor=next_cursor(found, limit, "closed_until"),
    )


@router.post(
    "/periods/close",
    status_code=201,
    response_model=PeriodView,
    summary="Close the books until a day",
    responses=problems(TABLE, *WRITING, errors.PeriodClosed, errors.PeriodNotOver),
)
async def close_ledger_period(body: ClosePeriodBody, who: Admin, db: Db, once: OnceOnly) -> JSONResponse:
    """Administrators only. What happened until then and is heard of later is booked on the first open day.

    A closed period is not opened again; what was wrong in it is answered by a correction.
    """

    async def command(conn: Connection) -> Answer:
        closed = await close_period(conn, body.until, reason=body.reason, actor_id=who.account_id)
        return Answer(201, PeriodView.model_validate(dict(closed)).model_dump(mode="json"))

    return (await answer_once(db, once, command)).response()


@router.post(
    "/corrections",
    status_code=201,
    response_model=CorrectionView,
    summary="Move money between accounts by hand",
    responses=problems(
        TABLE,
        *WRITING,
        errors.AccountNotFound,
        errors.AccountNotCorrectable,
        errors.CorrectionUnbalanced,
        errors.DoctorNotNamed,
    ),
)
async def correct_the_ledger(body: CorrectionBody, who: Admin, db: Db, once: OnceOnly) -> JSONResponse:
    """Administrators only. `Idempotency-Key` is required. For what matches nothing, such as money in suspense."""
    if once.key is None:
        raise InvalidRequest("A correction needs the header Idempotency-Key.")

    async def command(conn: Connection) -> Answer:
        entries = [(entry.account, entry.amount) for entry in body.entries]
        correction_id = await correct_ledger(
            conn,
            entries,
            currency=body.currency,
            reason=body.reason,
            actor_id=who.account_id,
            doctor_id=body.doctor_id,
        )
        shown = CorrectionView(correction_id=correction_id, external_key=f"corr:{correction_id}")
        return Answer(201, shown.model_dump(mode="json"))

    return (await answer_once(db, once, command)).response()
