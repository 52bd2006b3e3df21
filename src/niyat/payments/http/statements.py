"""A doctor's statement of a period, as CSV and as PDF: for the doctor, and for administrators."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from niyat.kernel.auth import Principal, Who
from niyat.kernel.errors import InvalidRequest, ServiceUnavailable, Unauthenticated
from niyat.kernel.fields import Currency, Day, Instant
from niyat.kernel.http import problems
from niyat.payments import errors
from niyat.payments.http.here import Here
from niyat.payments.http.payout_access import see
from niyat.payments.http.receipts import PDF, Spoken
from niyat.payments.http.table import TABLE
from niyat.payments.parts import Parts
from niyat.payments.statement_csv import as_csv
from niyat.payments.statement_pdf import render
from niyat.payments.statement_queries import Statement, statement

router = APIRouter(prefix="/doctors/{doctor_id}", tags=["payouts"])

LONGEST_DAYS = 366
PROBLEMS = problems(TABLE, Unauthenticated, InvalidRequest, ServiceUnavailable, errors.DoctorNotFound)
CSV = "text/csv"
FIRST = Annotated[Day, Query(alias="from", description="The first day, as the books count")]
LAST = Annotated[Day, Query(alias="to", description="The last day; at most a year after the first")]
AT = Annotated[Instant | None, Query(description="As the books stood at that instant; else now")]


def _file(kind: str, schema: dict[str, str]) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {kind: {"schema": schema}}, "description": "The file"}, **PROBLEMS}


@router.get(
    "/statement.csv",
    response_class=Response,
    summary="A doctor's statement of a period, as CSV",
    responses=_file(CSV, {"type": "string"}),
)
async def statement_csv(
    doctor_id: UUID,
    who: Who,
    parts: Here,
    first: FIRST,
    last: LAST,
    at: AT = None,
    currency: Currency = "INR",
) -> Response:
    """One's own; an administrator may see anybody's. Ids and amounts, no name; the same books give the same bytes."""
    found = await _read(parts, who, doctor_id, first, last, at, currency)
    return _answer(as_csv(found), f"{CSV}; charset=utf-8", found, "csv")


@router.get(
    "/statement.pdf",
    response_class=Response,
    summary="A doctor's statement of a period, as PDF",
    responses=_file(PDF, {"type": "string", "format": "binary"}),
)
async def statement_pdf(
    doctor_id: UUID,
    who: Who,
    parts: Here,
    first: FIRST,
    last: LAST,
    at: AT = None,
    currency: Currency = "INR",
    language: Spoken = "en",
) -> Response:
    """One's own; an administrator may see anybody's. The same books give the same bytes."""
    found = await _read(parts, who, doctor_id, first, last, at, currency)
    body = await asyncio.to_thread(render, found, language, parts.settings.clinic_time_zone)
    return _answer(body, PDF, found, "pdf")


async def _read(
    parts: Parts, who: Principal, doctor_id: UUID, first: Day, last: Day, at: Instant | None, currency: str
) -> Statement:
    if not 0 <= (last - first).days < LONGEST_DAYS:
        raise InvalidRequest(
            errors=[{"field": "to", "message": "must be within a year after `from`, and not before it"}]
        )
    await see(parts, who, doctor_id)
    return await statement(parts.db, doctor_id, first, last, currency=currency, at=at)


def _answer(body: bytes, kind: str, found: Statement, ending: str) -> Response:
    name = f"statement-{found.from_day}-{found.to_day}.{ending}"
    return Response(body, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})
