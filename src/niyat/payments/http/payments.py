"""Begin a payment, and report what the checkout said."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from niyat.kernel.auth import Who
from niyat.kernel.db import Connection
from niyat.kernel.errors import IdempotencyKeyReused, InvalidRequest, ServiceUnavailable, Unauthenticated
from niyat.kernel.http import problems
from niyat.kernel.idempotency import Answer, Once, OnceOnly, answer_once, stored_answer
from niyat.payments import errors
from niyat.payments.commands.initiate import initiate
from niyat.payments.commands.verify import Proof, verify
from niyat.payments.http.here import Here
from niyat.payments.http.shapes import InitiateBody, OrderView, PaymentView, VerifyBody
from niyat.payments.http.table import TABLE
from niyat.payments.outcome import Outcome
from niyat.payments.parts import Parts
from niyat.payments.queries import find_payment

router = APIRouter(tags=["payments"])
older = APIRouter(tags=["payments"])

BEGINNING = problems(
    TABLE,
    Unauthenticated,
    InvalidRequest,
    IdempotencyKeyReused,
    errors.AppointmentNotFound,
    errors.HoldLapsed,
    errors.AppointmentCancelled,
    errors.AlreadyPaid,
    errors.NoPaymentNeeded,
    errors.PaymentUnderWay,
    errors.PaymentProviderRefused,
    ServiceUnavailable,
)


@router.post(
    "/initiate",
    status_code=201,
    response_model=OrderView,
    summary="Begin to pay for an appointment",
    responses=BEGINNING,
)
async def initiate_payment(body: InitiateBody, who: Who, parts: Here, once: OnceOnly) -> JSONResponse:
    """An order to pay. One appointment has one open payment: asking again gives the same order."""
    return await _initiate(body, who.account_id, parts, once)


@older.post(
    "/intent",
    deprecated=True,
    status_code=201,
    response_model=OrderView,
    summary="Begin to pay for an appointment (the older name)",
    responses=BEGINNING,
)
async def payment_intent(body: InitiateBody, who: Who, parts: Here, once: OnceOnly) -> JSONResponse:
    """The same as `initiate`."""
    return await _initiate(body, who.account_id, parts, once)


async def _initiate(body: InitiateBody, account_id: UUID, parts: Parts, once: Once) -> JSONResponse:
    if stored := await stored_answer(parts.db, once):
        return stored.response()
    begun = await initiate(parts, body.appointment_id, account_id)
    shown = await _shown(parts, begun.payment_id)
    payment_id = shown["payment_id"]
    order = OrderView(
        **shown,
        key_id=parts.settings.razorpay_key_id,
        callback_url=f"{parts.settings.public_url}/api/v1/payments/callback?payment_id={payment_id}",
    )

    async def answer(_: Connection) -> Answer:
        return Answer(201, order.model_dump(mode="json"))

    return (await answer_once(parts.db, once, answer)).response()


@router.post(
    "/verify",
    response_model=PaymentView,
    summary="Report a payment made at the checkout",
    responses={
        202: {"model": PaymentView, "description": "Seen and being settled; please do not pay again"},
        **problems(
            TABLE,
            Unauthenticated,
            InvalidRequest,
            errors.SignatureWrong,
            errors.PaymentNotFound,
            errors.PaymentOfAnotherOrder,
            errors.PaymentOfAnotherAppointment,
        ),
    },
)
async def verify_payment(body: VerifyBody, who: Who, parts: Here, response: Response) -> PaymentView:
    """Checks the signature over our own order, asks the provider for the state, and waits a moment for the capture.

    200 when it is decided (see `outcome`), else 202 with `outcome` `processing`.
    """
    proof = Proof(body.razorpay_order_id, body.razorpay_payment_id, body.razorpay_signature)
    payment_id = await verify(parts, proof, account_id=who.account_id, appointment_id=body.appointment_id)
    shown = PaymentView.model_validate(await _shown(parts, payment_id))
    if shown.outcome in (Outcome.PROCESSING, Outcome.PAYABLE):
        response.status_code = 202
    return shown


async def _shown(parts: Parts, payment_id: UUID) -> dict[str, Any]:
    shown = await find_payment(parts.db, payment_id)
    if shown is None:
        raise errors.PaymentNotFound
    return shown
