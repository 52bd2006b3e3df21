"""What the payment provider calls: its webhook, and the browser that it sends back from another site."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Header, Query, Request
from fastapi.responses import RedirectResponse

from niyat.kernel.body import raw_body
from niyat.kernel.http import problems
from niyat.payments import errors
from niyat.payments.commands.poll_soon import poll_soon
from niyat.payments.commands.verify import Proof, verify
from niyat.payments.commands.webhook_store import store_webhook
from niyat.payments.http.here import Here
from niyat.payments.http.shapes import TakenView
from niyat.payments.http.table import TABLE
from niyat.payments.parts import Parts
from niyat.payments.queries import find_payment

router = APIRouter(tags=["provider"])
older = APIRouter(tags=["provider"])

BODY = {
    "requestBody": {
        "required": True,
        "description": "The event, signed over these very bytes",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}
RETURNING = problems(TABLE, errors.SignatureWrong, errors.PaymentNotFound, errors.PaymentOfAnotherOrder)


@older.post(
    "/webhook",
    deprecated=True,
    summary="An event of the payment provider (the older path)",
    openapi_extra=BODY,
    responses=problems(TABLE, errors.SignatureWrong, errors.WebhookMalformed, errors.AccountMismatch),
)
@router.post(
    "/webhook",
    summary="An event of the payment provider",
    openapi_extra=BODY,
    responses=problems(TABLE, errors.SignatureWrong, errors.WebhookMalformed, errors.AccountMismatch),
)
async def receive_webhook(
    request: Request,
    parts: Here,
    x_razorpay_signature: Annotated[str | None, Header(description="Hex HMAC-SHA256 of the body")] = None,
    x_razorpay_event_id: Annotated[str | None, Header(max_length=255, description="The event's id")] = None,
) -> TakenView:
    """Stored at once, worked off afterwards. A forged event is refused and changes nothing."""
    raw = await raw_body(request)
    if raw is None:
        raise errors.WebhookMalformed
    new = await store_webhook(parts, raw, x_razorpay_signature, x_razorpay_event_id)
    parts.webhooks.ring()
    return TakenView(new=new)


FieldOf = Annotated[str | None, Form(max_length=256)]
InQuery = Annotated[str | None, Query(max_length=256)]


@router.post(
    "/callback",
    status_code=303,
    response_class=RedirectResponse,
    summary="The browser's return from the provider's page",
    responses=RETURNING,
)
async def return_by_form(
    parts: Here,
    payment_id: UUID | None = None,
    razorpay_payment_id: FieldOf = None,
    razorpay_order_id: FieldOf = None,
    razorpay_signature: FieldOf = None,
) -> RedirectResponse:
    """Comes from another site without a session, so the signature alone is trusted. Leads to the booking's page."""
    return await _return(parts, payment_id, razorpay_order_id, razorpay_payment_id, razorpay_signature)


@router.get(
    "/callback",
    status_code=303,
    response_class=RedirectResponse,
    summary="The browser's return, by link",
    responses=RETURNING,
)
async def return_by_link(
    parts: Here,
    payment_id: UUID | None = None,
    razorpay_payment_id: InQuery = None,
    razorpay_order_id: InQuery = None,
    razorpay_signature: InQuery = None,
) -> RedirectResponse:
    """The same for providers and cancellations that come by GET."""
    return await _return(parts, payment_id, razorpay_order_id, razorpay_payment_id, razorpay_signature)


async def _return(
    parts: Parts,
    payment_id: UUID | None,
    order_id: str | None,
    gateway_payment_id: str | None,
    signature: str | None,
) -> RedirectResponse:
    if order_id and gateway_payment_id and signature:
        if not (_plain(order_id, "order_") and _plain(gateway_payment_id, "pay_")):
            raise errors.PaymentNotFound
        proof = Proof(order_id, gateway_payment_id, signature)
        payment_id = await verify(parts, proof, account_id=None, wait=False)
    elif payment_id is not None:
        # A failure or a cancellation is not signed: believe nothing, ask the gateway soon.
        await parts.db.run(poll_soon, payment_id)
    shown = await find_payment(parts.db, payment_id) if payment_id else None
    if shown is None:
        raise errors.PaymentNotFound
    return RedirectResponse(
        f"{parts.settings.public_url}/bookings/{shown['appointment_id']}", status_code=303
    )


def _plain(value: str, prefix: str) -> bool:
    """An id of the provider's form, and nothing that could lead elsewhere in a path."""
    rest = value.removeprefix(prefix)
    return rest != value and rest.isascii() and rest.isalnum()
