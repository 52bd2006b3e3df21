"""Endpoints that need two services. No rule lives here: each is a sequence of calls in the user's own name.

The caller's Idempotency-Key is passed on with a suffix per inner call, so repeating a half-done sequence repeats
each step and ends in the same answer.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, Field

from niyat.events.catalogue import ConsultationType
from niyat.kernel.auth import Who, bearer
from niyat.kernel.client import ServiceClient
from niyat.kernel.fields import Body, ReasonCode, Short, Text


class BookBody(Body):
    """Hold a slot and, when it costs something, get an order to pay."""

    slot_id: UUID
    consultation_type: ConsultationType
    reason_for_visit: Text | None = None
    family_member_id: UUID | None = Field(default=None, description="Who comes, if not the patient")


class CheckoutBody(Body):
    """What the gateway's checkout hands to the browser after a payment."""

    razorpay_payment_id: str = Field(max_length=64)
    razorpay_order_id: str = Field(max_length=64)
    razorpay_signature: str = Field(max_length=256)


class PaymentOverrideBody(Body):
    """The status that the appointment's payment is to have, and why; the rest is for money taken at the desk."""

    status: Literal["pending", "authorized", "captured", "failed"]
    reason_code: ReasonCode
    method: Literal["cash", "card", "upi", "bank-transfer", "other"] = "other"
    reference: Short | None = Field(default=None, description="Of the receipt book or the card machine")
    amount: int | None = Field(
        default=None, gt=0, le=10**12, strict=True, description="Minor units; refused unless it is the price"
    )


def _passed_on(schema: str) -> Any:
    """A field that passes on another service's answer; the joined description resolves it."""
    return Field(json_schema_extra={"x-niyat-schema": schema})


class BookingView(BaseModel):
    """The appointment, and the order to pay it with; `payment` is null for a free visit."""

    appointment: Annotated[dict[str, Any], _passed_on("appointments.AppointmentView")]
    payment: Annotated[dict[str, Any], _passed_on("payments.OrderView")] | None


class PaidBookingView(BaseModel):
    """The appointment, and the payment as it stands; `payment` is null for a free visit."""

    appointment: Annotated[dict[str, Any], _passed_on("appointments.AppointmentView")]
    payment: Annotated[dict[str, Any], _passed_on("payments.PaymentView")] | None


class Caller:
    """Calls services in the name of the request's user."""

    def __init__(self, clients: dict[str, ServiceClient], token: str | None, key: str | None = None) -> None:
        self._clients = clients
        self._token = token
        self._key = key

    async def call(
        self,
        service: str,
        method: str,
        path: str,
        json: Any = None,
        *,
        step: str = "",
        params: dict[str, str] | None = None,
    ) -> Any:
        """The service's answer. Raises Refused with its problem, ServiceUnavailable."""
        key = f"{self._key}/{step}" if self._key and step else None
        return await self._clients[service].call(
            method,
            path,
            json=json,
            params=params,
            bearer=self._token,
            idempotency_key=key,
            timeout_seconds=20,
        )


def _caller(
    request: Request,
    _: Who,
    credentials: Annotated[Any, Depends(bearer)],
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=200, description="Makes a retry of this request safe")
    ] = None,
) -> Caller:
    return Caller(request.app.state.clients, credentials.credentials, idempotency_key)


AsUser = Annotated[Caller, Depends(_caller)]

router = APIRouter(tags=["booking"])

STILL_SETTLING: dict[int | str, dict[str, Any]] = {
    202: {"model": PaidBookingView, "description": "Paid; being confirmed. Do not pay again; ask again."}
}


@router.post(
    "", status_code=201, summary="Book: hold a slot and get an order, or be confirmed when it is free"
)
async def book(body: BookBody, caller: AsUser) -> BookingView:
    appointment = await caller.call(
        "appointments", "POST", "/api/v1/appointments/reserve", body.model_dump(mode="json"), step="reserve"
    )
    path = f"/api/v1/appointments/{appointment['appointment_id']}"
    if not appointment["amount"]:
        confirmed = await caller.call("appointments", "POST", f"{path}/confirm", {}, step="confirm")
        return BookingView(appointment=confirmed, payment=None)
    payment = await caller.call(
        "payments",
        "POST",
        "/api/v1/payments/initiate",
        {"appointment_id": appointment["appointment_id"]},
        step="initiate",
    )
    return BookingView(appointment=await caller.call("appointments", "GET", path), payment=payment)


@router.post(
    "/{appointment_id}/confirm",
    summary="Confirm: at once when free, else with the checkout's three fields",
    responses=STILL_SETTLING,
)
async def confirm(
    appointment_id: UUID, caller: AsUser, response: Response, body: CheckoutBody | None = None
) -> PaidBookingView:
    """Without a body, a free visit is confirmed; a paid one answers 409 `payment-required`."""
    if body is not None:
        return await _verified(appointment_id, body, caller, response)
    path = f"/api/v1/appointments/{appointment_id}/confirm"
    confirmed = await caller.call("appointments", "POST", path, {}, step="confirm")
    return PaidBookingView(appointment=confirmed, payment=None)


@router.post(
    "/{appointment_id}/confirm-payment",
    summary="Report a payment made at the checkout",
    responses=STILL_SETTLING,
)
async def confirm_payment(
    appointment_id: UUID, body: CheckoutBody, caller: AsUser, response: Response
) -> PaidBookingView:
    """200 once confirmed. A wrong signature, or one of another booking, is refused without effect."""
    return await _verified(appointment_id, body, caller, response)


@router.patch(
    "/{appointment_id}/payment",
    summary="Override the status of the payment",
    responses=STILL_SETTLING,
)
async def override_payment(
    appointment_id: UUID, body: PaymentOverrideBody, caller: AsUser, response: Response
) -> PaidBookingView:
    """Administrators only; nothing that happened is edited, and who said so and why is in the payment's history.

    `captured`: money was taken at the desk. `failed`: the open attempt is void. `pending`: the patient may pay anew.
    `authorized`: the payment provider is asked anew. Money that was taken goes back by a refund, not by this.
    """
    fields = body.model_dump(exclude_none=True) | {"appointment_id": str(appointment_id)}
    payment = await caller.call("payments", "POST", "/api/v1/payments/overrides", fields, step="override")
    appointment = await caller.call("appointments", "GET", f"/api/v1/appointments/{appointment_id}")
    if payment["outcome"] in ("captured", "processing") and appointment["status"] != "confirmed":
        response.status_code = 202
    return PaidBookingView(appointment=appointment, payment=payment)


async def _verified(
    appointment_id: UUID, body: CheckoutBody, caller: Caller, response: Response
) -> PaidBookingView:
    fields = body.model_dump() | {"appointment_id": str(appointment_id)}
    payment = await caller.call("payments", "POST", "/api/v1/payments/verify", fields)
    appointment = await caller.call("appointments", "GET", f"/api/v1/appointments/{appointment_id}")
    if appointment["status"] == "pending-payment":
        response.status_code = 202
    return PaidBookingView(appointment=appointment, payment=payment)
