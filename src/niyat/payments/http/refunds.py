"""Give money back by hand."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from niyat.kernel.auth import Admin
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.http import problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.payments import errors
from niyat.payments.commands.refund import request_refund
from niyat.payments.http.here import Here
from niyat.payments.http.shapes import RefundBody, RefundView
from niyat.payments.http.table import TABLE
from niyat.payments.queries import find_refund

router = APIRouter(tags=["refunds"])


@router.post(
    "/{payment_id}/refund",
    status_code=201,
    response_model=RefundView,
    summary="Give back an amount of a captured payment",
    responses=problems(
        TABLE,
        Unauthenticated,
        Forbidden,
        InvalidRequest,
        IdempotencyKeyReused,
        errors.PaymentNotFound,
        errors.NothingToRefund,
        errors.RefundExceedsCaptured,
        errors.PaymentDisputed,
    ),
)
async def refund_payment(
    payment_id: UUID, body: RefundBody, who: Admin, parts: Here, once: OnceOnly
) -> JSONResponse:
    """Administrators only. `Idempotency-Key` is required: a refund sent twice by mistake would be paid twice."""
    if once.key is None:
        raise InvalidRequest("A refund needs the header Idempotency-Key.")
    request = once.key

    async def command(conn: Connection) -> Answer:
        refund_id = await request_refund(
            conn,
            payment_id,
            body.amount,
            body.reason_code,
            request=request,
            requested_by=who.account_id,
            gateway_payment_id=body.gateway_payment_id,
        )
        shown = RefundView.model_validate(await find_refund(conn, refund_id))
        return Answer(201, shown.model_dump(mode="json"))

    return (await answer_once(parts.db, once, command)).response()
