"""What requests and answers look like."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from niyat.kernel.fields import Currency
from niyat.payments.domain import AttemptStatus, PaymentMethod, PaymentStatus, RefundStatus, Step
from niyat.payments.outcome import Outcome

GatewayPaymentId = Annotated[str, Field(pattern=r"^pay_[A-Za-z0-9]{1,40}$", examples=["pay_IH4NVgf4Dreq1l"])]
OrderId = Annotated[str, Field(pattern=r"^order_[A-Za-z0-9]{1,40}$", examples=["order_IEIaMR65cu6nz3"])]
ReasonCode = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="A code, never a sentence about a person"
    ),
]


class InitiateForm(BaseModel):
    """Which appointment is to be paid."""

    model_config = ConfigDict(extra="forbid")

    appointment_id: UUID


class VerifyForm(BaseModel):
    """The three fields that the checkout hands to the page, and the appointment it believes to pay."""

    model_config = ConfigDict(extra="forbid")

    razorpay_payment_id: GatewayPaymentId
    razorpay_order_id: OrderId
    razorpay_signature: str = Field(max_length=256)
    appointment_id: UUID | None = None


class RefundForm(BaseModel):
    """A refund always has an amount, in minor units."""

    model_config = ConfigDict(extra="forbid")

    amount: int = Field(gt=0, le=10**12, strict=True, description="Minor units (paise for INR)")
    reason_code: ReasonCode
    gateway_payment_id: GatewayPaymentId | None = Field(
        default=None,
        description="Of which attempt's money; else money that goes back anyway and has not yet comes first",
    )


class PaymentShown(BaseModel):
    """A payment as its owner sees it."""

    payment_id: UUID
    appointment_id: UUID
    account_id: UUID
    gateway: str
    order_id: str | None = Field(description="The provider's order")
    amount: int = Field(description="Minor units")
    currency: Currency
    status: PaymentStatus
    outcome: Outcome = Field(description="What to tell the patient; `processing`: please do not pay again")
    method: PaymentMethod | None
    gateway_payment_id: str | None
    captured_amount: int
    refunded_amount: int
    hold_expires_at: datetime | None
    captured_at: datetime | None
    created_at: datetime
    updated_at: datetime


class OrderToPay(PaymentShown):
    """What the checkout needs: pass `key_id`, `order_id`, `amount`, `currency` and `callback_url` to it."""

    key_id: str = Field(description="The provider's public key")
    callback_url: str = Field(
        description="Where the provider sends a browser that cannot run our page's script"
    )


class AttemptShown(BaseModel):
    """One attempt to pay (`pay_…`) at the provider."""

    gateway_payment_id: str
    status: AttemptStatus
    step: Step
    amount: int
    currency: str
    method: PaymentMethod | None
    captured_amount: int
    error_code: str | None
    error_reason: str | None
    created_at: datetime
    updated_at: datetime


class RefundShown(BaseModel):
    """Money on its way back, or back."""

    refund_id: UUID
    gateway_payment_id: str
    gateway_refund_id: str | None
    amount: int
    currency: str
    status: RefundStatus
    reason_code: str
    created_at: datetime
    updated_at: datetime


class HistoryLine(BaseModel):
    """One thing that happened to a payment."""

    what: str
    from_state: str | None
    to_state: str | None
    source: str
    reason_code: str | None
    gateway_payment_id: str | None
    refund_id: UUID | None
    happened_at: datetime


class PaymentInFull(PaymentShown):
    """A payment with everything that happened to it."""

    attempts: list[AttemptShown]
    refunds: list[RefundShown]
    history: list[HistoryLine]


class PaymentPage(BaseModel):
    """Payments, the newest first. `next_cursor` is null on the last page."""

    items: list[PaymentShown]
    next_cursor: UUID | None


class PaymentList(BaseModel):
    """All payments of one appointment, the newest first."""

    items: list[PaymentShown]


class Taken(BaseModel):
    """The event is stored; `new` is false when it was known."""

    new: bool
