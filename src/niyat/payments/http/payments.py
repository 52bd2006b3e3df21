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
from niyat.payments.http.common import ERRORS, TheTill
from niyat.payments.http.models import InitiateForm, OrderToPay, PaymentShown, VerifyForm
from niyat.payments.outcome import Outcome
from niyat.payments.queries import find_payment
from niyat.payments.till import Till

router = APIRouter(tags=["payments"])
older = APIRouter(tags=["payments"])

BEGINNING = problems(
    ERRORS,
    Unauthenticated,
    InvalidRequest,
    IdempotencyKeyReused,
    errors.AppointmentNotFound,
    errors.HoldLapsed,
    errors.AppointmentCancelled,
    errors.AlreadyPaid,
    errors.NoPaymentNeeded,
    errors.PaymentProviderRefused,
    ServiceUnavailable,
)


@router.post(
    "/initiate",
    status_code=201,
    response_model=OrderToPay,
    summary="Begin to pay for an appointment",
    responses=BEGINNING,
)
async def initiate_payment(form: InitiateForm, who: Who, till: TheTill, once: OnceOnly) -> JSONResponse:
    """An order to pay. One appointment has one open payment: asking again gives the same order."""
    return await _initiate(form, who.account_id, till, once)


@older.post(
    "/intent",
    deprecated=True,
    status_code=201,
    response_model=OrderToPay,
    summary="Begin to pay for an appointment (the older name)",
    responses=BEGINNING,
)
async def payment_intent(form: InitiateForm, who: Who, till: TheTill, once: OnceOnly) -> JSONResponse:
    """The same as `initiate`."""
    return await _initiate(form, who.account_id, till, once)


async def _initiate(form: InitiateForm, account_id: UUID, till: Till, once: Once) -> JSONResponse:
    if stored := await stored_answer(till.db, once):
        return stored.response()
    begun = await initiate(till, form.appointment_id, account_id)
    shown = await _shown(till, begun.payment_id)
    payment_id = shown["payment_id"]
    order = OrderToPay(
        **shown,
        key_id=till.settings.razorpay_key_id,
        callback_url=f"{till.settings.public_url}/api/v1/payments/callback?payment_id={payment_id}",
    )

    async def answer(_: Connection) -> Answer:
        return Answer(201, order.model_dump(mode="json"))

    return (await answer_once(till.db, once, answer)).response()


@router.post(
    "/verify",
    response_model=PaymentShown,
    summary="Report a payment made at the checkout",
    responses={
        202: {"model": PaymentShown, "description": "Seen and being settled; please do not pay again"},
        **problems(
            ERRORS,
            Unauthenticated,
            InvalidRequest,
            errors.SignatureWrong,
            errors.PaymentNotFound,
            errors.PaymentOfAnotherOrder,
            errors.PaymentOfAnotherAppointment,
        ),
    },
)
async def verify_payment(form: VerifyForm, who: Who, till: TheTill, response: Response) -> PaymentShown:
    """Checks the signature over our own order, asks the provider for the state, and waits a moment for the capture.

    200 when it is decided (see `outcome`), else 202 with `outcome` `processing`.
    """
    proof = Proof(form.razorpay_order_id, form.razorpay_payment_id, form.razorpay_signature)
    payment_id = await verify(till, proof, account_id=who.account_id, appointment_id=form.appointment_id)
    shown = PaymentShown.model_validate(await _shown(till, payment_id))
    if shown.outcome in (Outcome.PROCESSING, Outcome.PAYABLE):
        response.status_code = 202
    return shown


async def _shown(till: Till, payment_id: UUID) -> dict[str, Any]:
    shown = await find_payment(till.db, payment_id)
    if shown is None:
        raise errors.PaymentNotFound
    return shown
