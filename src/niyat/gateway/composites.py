"""Endpoints that need two services. No rule lives here: each is a sequence of calls in the user's own name.

The caller's Idempotency-Key is passed on with a suffix per inner call, so repeating a half-done sequence repeats
each step and ends in the same answer.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from niyat.kernel.auth import Who, bearer
from niyat.kernel.client import ServiceClient

PREFIXES = ("/api/v1/appointments", "/appointments")


class BookAppointment(BaseModel):
    """Hold a slot and, when it costs something, get an order to pay."""

    model_config = ConfigDict(extra="forbid")

    slot_id: UUID
    consultation_type: str = Field(pattern="^(VIDEO|AUDIO|IN_PERSON)$")
    reason_for_visit: str | None = Field(default=None, max_length=500)


class CheckoutResult(BaseModel):
    """What the gateway's checkout hands to the browser after a payment."""

    model_config = ConfigDict(extra="forbid")

    razorpay_payment_id: str = Field(max_length=64)
    razorpay_order_id: str = Field(max_length=64)
    razorpay_signature: str = Field(max_length=256)


class Booking(BaseModel):
    """An appointment and, when it costs something, what to pay it with (`payment` is null for a free visit)."""

    appointment: dict[str, Any]
    payment: dict[str, Any] | None


class Caller:
    """Calls services in the name of the request's user."""

    def __init__(self, request: Request, token: str, key: str | None) -> None:
        self._clients: dict[str, ServiceClient] = request.app.state.clients
        self._token = token
        self._key = key

    async def call(self, service: str, method: str, path: str, json: Any = None, *, step: str = "") -> Any:
        """The service's answer. Raises Refused with its problem, ServiceUnavailable."""
        key = f"{self._key}/{step}" if self._key and step else None
        return await self._clients[service].call(
            method, path, json=json, bearer=self._token, idempotency_key=key, timeout_seconds=20
        )


def _caller(
    request: Request,
    _: Who,
    credentials: Annotated[Any, Depends(bearer)],
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Caller:
    return Caller(request, credentials.credentials, idempotency_key)


AsUser = Annotated[Caller, Depends(_caller)]

router = APIRouter(tags=["booking"])


@router.post(
    "", status_code=201, summary="Book: hold a slot and get an order, or be confirmed when it is free"
)
async def book(body: BookAppointment, caller: AsUser) -> Booking:
    appointment = await caller.call(
        "appointments", "POST", "/api/v1/appointments/reserve", body.model_dump(mode="json"), step="reserve"
    )
    path = f"/api/v1/appointments/{appointment['appointment_id']}"
    if not appointment["amount"]:
        confirmed = await caller.call("appointments", "POST", f"{path}/confirm", {}, step="confirm")
        return Booking(appointment=confirmed, payment=None)
    payment = await caller.call(
        "payments",
        "POST",
        "/api/v1/payments/initiate",
        {"appointment_id": appointment["appointment_id"]},
        step="initiate",
    )
    return Booking(appointment=await caller.call("appointments", "GET", path), payment=payment)


@router.post(
    "/{appointment_id}/confirm", summary="Confirm: at once when free, else with the checkout's three fields"
)
async def confirm(
    appointment_id: UUID, caller: AsUser, response: Response, body: CheckoutResult | None = None
) -> Booking:
    if body is None:
        path = f"/api/v1/appointments/{appointment_id}/confirm"
        return Booking(
            appointment=await caller.call("appointments", "POST", path, {}, step="confirm"), payment=None
        )
    return await _verified(appointment_id, body, caller, response)


@router.post("/{appointment_id}/confirm-payment", summary="Report a payment made at the checkout")
async def confirm_payment(
    appointment_id: UUID, body: CheckoutResult, caller: AsUser, response: Response
) -> Booking:
    return await _verified(appointment_id, body, caller, response)


async def _verified(
    appointment_id: UUID, body: CheckoutResult, caller: Caller, response: Response
) -> Booking:
    """200 once confirmed; 202 while the payment is seen but its outcome is still being settled."""
    fields = body.model_dump() | {"appointment_id": str(appointment_id)}
    payment = await caller.call("payments", "POST", "/api/v1/payments/verify", fields)
    appointment = await caller.call("appointments", "GET", f"/api/v1/appointments/{appointment_id}")
    if appointment["status"] == "pending-payment":
        response.status_code = 202
    return Booking(appointment=appointment, payment=payment)
