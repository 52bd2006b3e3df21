"""Receipts of captures and notes of refunds, as JSON and as PDF: for the person who paid, and for administrators."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from niyat.kernel.auth import Principal, Who
from niyat.kernel.errors import InvalidRequest, Unauthenticated
from niyat.kernel.fields import TimeZone
from niyat.kernel.http import Db, problems
from niyat.payments import errors
from niyat.payments.http.shapes import GatewayPaymentId, ReceiptView
from niyat.payments.http.table import TABLE
from niyat.payments.receipt_pdf import render
from niyat.payments.receipt_queries import note_of_refund, receipt_of_payment
from niyat.payments.receipt_words import Language

router = APIRouter(tags=["receipts"])

PROBLEMS = problems(TABLE, Unauthenticated, InvalidRequest, errors.ReceiptNotFound)
PDF = "application/pdf"
AS_PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {PDF: {"schema": {"type": "string", "format": "binary"}}}, "description": "The file"},
    **PROBLEMS,
}
Spoken = Annotated[Language, Query(description="The language of the file")]
Zone = Annotated[
    TimeZone | None,
    Query(
        description="The reader's, in which the visit's time is told (in person: the place's); else the doctor's"
    ),
]
Capture = Annotated[
    GatewayPaymentId | None,
    Query(description="Of which attempt's money; else of that which the payment kept"),
]


@router.get(
    "/{payment_id}/receipt",
    response_model=ReceiptView,
    summary="The receipt of a captured payment",
    responses=PROBLEMS,
)
async def receipt(payment_id: UUID, who: Who, db: Db, gateway_payment_id: Capture = None) -> ReceiptView:
    """One's own; an administrator may see anybody's. It is issued within moments of the capture and never changes."""
    return ReceiptView.model_validate(_own(who, await receipt_of_payment(db, payment_id, gateway_payment_id)))


@router.get(
    "/{payment_id}/receipt.pdf",
    response_class=Response,
    summary="The receipt of a captured payment, as PDF",
    responses=AS_PDF,
)
async def receipt_pdf(
    payment_id: UUID,
    who: Who,
    db: Db,
    language: Spoken = "en",
    time_zone: Zone = None,
    gateway_payment_id: Capture = None,
) -> Response:
    """The same bytes for a language and time zone whenever it is asked for."""
    found = _own(who, await receipt_of_payment(db, payment_id, gateway_payment_id))
    return await _file(found, language, time_zone)


@router.get(
    "/refunds/{refund_id}/note",
    response_model=ReceiptView,
    summary="The note of a processed refund",
    responses=PROBLEMS,
)
async def refund_note(refund_id: UUID, who: Who, db: Db) -> ReceiptView:
    """One's own; an administrator may see anybody's. `voided_at`: the bank returned the money after all."""
    return ReceiptView.model_validate(_own(who, await note_of_refund(db, refund_id)))


@router.get(
    "/refunds/{refund_id}/note.pdf",
    response_class=Response,
    summary="The note of a processed refund, as PDF",
    responses=AS_PDF,
)
async def refund_note_pdf(
    refund_id: UUID, who: Who, db: Db, language: Spoken = "en", time_zone: Zone = None
) -> Response:
    """The same bytes for a language and time zone whenever it is asked for, until the bank should return the money."""
    return await _file(_own(who, await note_of_refund(db, refund_id)), language, time_zone)


def _own(who: Principal, found: dict[str, Any] | None) -> dict[str, Any]:
    """`found`, for its owner or an administrator. Raises ReceiptNotFound."""
    if found is None or not (who.has("admin") or who.account_id == found["account_id"]):
        raise errors.ReceiptNotFound
    return found


async def _file(found: dict[str, Any], language: Language, time_zone: str | None) -> Response:
    body = await asyncio.to_thread(render, found, language, time_zone)
    name = f"{found['kind']}-{found['number'].replace('/', '-')}.pdf"
    return Response(body, media_type=PDF, headers={"content-disposition": f'inline; filename="{name}"'})
