"""The clinic's desk: money taken by hand, money handed back, and an administrator's word on a payment's status."""

from __future__ import annotations

from typing import Any
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
from niyat.kernel.http import problems
from niyat.kernel.idempotency import Answer, Once, OnceOnly, answer_once, stored_answer
from niyat.kernel.ids import new_id
from niyat.payments import errors
from niyat.payments.commands.ask_gateway import ask_gateway
from niyat.payments.commands.hand_back import ask_before_hand_back, hand_back
from niyat.payments.commands.record_receipt import Taken, record_receipt
from niyat.payments.commands.reopen_payment import reopen_payment
from niyat.payments.commands.void_payment import void_payment
from niyat.payments.http.here import Here
from niyat.payments.http.shapes import HandedBackBody, OverrideBody, PaymentView, ReceiptBody, RefundView
from niyat.payments.http.table import TABLE
from niyat.payments.outcome import Outcome
from niyat.payments.parts import Parts
from niyat.payments.queries import find_payment, find_refund

router = APIRouter(tags=["desk"])

ALWAYS = (Unauthenticated, Forbidden, InvalidRequest, IdempotencyKeyReused)
TAKING = (
    errors.AppointmentNotFound,
    errors.NoPaymentNeeded,
    errors.AmountDiffers,
    errors.AppointmentCancelled,
    errors.AlreadyPaid,
    errors.PaymentUnderWay,
    errors.TimeGone,
    ServiceUnavailable,
)
UNDECIDED: dict[int | str, dict[str, Any]] = {
    202: {"model": PaymentView, "description": "Stored, and being settled; send the same request again"}
}


@router.post(
    "/manual-receipts",
    status_code=201,
    response_model=PaymentView,
    summary="Record money taken at the desk",
    responses={**UNDECIDED, **problems(TABLE, *ALWAYS, *TAKING)},
)
async def record_manual_receipt(body: ReceiptBody, who: Admin, parts: Here, once: OnceOnly) -> JSONResponse:
    """Administrators only. The time is secured and the money kept together, or neither; the visit is then confirmed.

    Works for an expired visit, too, while its time is free and ahead.
    """
    if stored := await stored_answer(parts.db, once):
        return stored.response()
    taken = Taken(**body.model_dump(), received_by=who.account_id, request=once.key or str(new_id()))
    return await _answer(parts, once, await record_receipt(parts, taken), 201)


@router.post(
    "/overrides",
    response_model=PaymentView,
    summary="Override the status of an appointment's payment",
    responses={
        **UNDECIDED,
        **problems(
            TABLE,
            *ALWAYS,
            *TAKING,
            errors.HoldLapsed,
            errors.PaymentNotFound,
            errors.MoneyTaken,
            errors.NothingAuthorized,
            errors.PaymentProviderRefused,
        ),
    },
)
async def override_payment(body: OverrideBody, who: Admin, parts: Here, once: OnceOnly) -> JSONResponse:
    """Administrators only; nothing that happened is edited.

    `captured` records a manual receipt. `failed` voids the attempt that is open. `pending` voids it and prepares a
    fresh order for the patient. `authorized` asks the payment provider anew, who alone can say so. Money that was
    taken is not undone: give it back with a refund.
    """
    if stored := await stored_answer(parts.db, once):
        return stored.response()
    return await _answer(parts, once, await _overridden(parts, body, who.account_id, once.key), 200)


async def _overridden(parts: Parts, body: OverrideBody, actor_id: UUID, key: str | None) -> UUID:
    appointment_id, reason_code = body.appointment_id, body.reason_code
    match body.status:
        case "captured":
            given = body.model_dump(exclude={"status"})
            return await record_receipt(
                parts, Taken(**given, received_by=actor_id, request=key or str(new_id()))
            )
        case "failed":
            return await parts.db.run(
                void_payment, appointment_id, actor_id=actor_id, reason_code=reason_code
            )
        case "pending":
            return await reopen_payment(parts, appointment_id, actor_id=actor_id, reason_code=reason_code)
        case "authorized":
            return await ask_gateway(parts, appointment_id, actor_id=actor_id, reason_code=reason_code)


async def _answer(parts: Parts, once: Once, payment_id: UUID, status: int) -> JSONResponse:
    """The payment as it is now. What is not decided yet is not the answer to keep."""
    shown = PaymentView.model_validate(await find_payment(parts.db, payment_id))
    if shown.outcome is Outcome.PROCESSING:
        return JSONResponse(shown.model_dump(mode="json"), 202)

    async def answer(_: Connection) -> Answer:
        return Answer(status, shown.model_dump(mode="json"))

    return (await answer_once(parts.db, once, answer)).response()


@router.post(
    "/refunds/{refund_id}/handed-back",
    response_model=RefundView,
    summary="Say that a refund's money was given back by hand",
    responses=problems(
        TABLE,
        *ALWAYS,
        errors.RefundNotFound,
        errors.RefundNotAtTheDesk,
        errors.PaymentDisputed,
        errors.RefundNotPending,
        errors.RefundExceedsCaptured,
        ServiceUnavailable,
    ),
)
async def hand_refund_back(
    refund_id: UUID, body: HandedBackBody, who: Admin, parts: Here, once: OnceOnly
) -> JSONResponse:
    """Administrators only. Money taken at the desk is owed back from the refund's decision until this is said.

    Also the way out where the provider's refund failed for good: paid in cash or to the patient's bank account
    instead. That is a refund of its own, which is the answer. The provider is asked first whether it made the failed
    one after all.
    """
    if stored := await stored_answer(parts.db, once):
        return stored.response()
    await ask_before_hand_back(parts, refund_id)

    async def command(conn: Connection) -> Answer:
        handed = await hand_back(conn, refund_id, **body.model_dump(), actor_id=who.account_id)
        shown = RefundView.model_validate(await find_refund(conn, handed))
        return Answer(200, shown.model_dump(mode="json"))

    return (await answer_once(parts.db, once, command)).response()
