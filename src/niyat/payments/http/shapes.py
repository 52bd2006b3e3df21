"""What the routes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from niyat.kernel.fields import ONE_LINE, Body, Currency, ReasonCode
from niyat.payments.domain import AttemptStatus, PaymentMethod, PaymentStatus, RefundStatus, Step
from niyat.payments.outcome import Outcome

GatewayPaymentId = Annotated[str, Field(pattern=r"^pay_[A-Za-z0-9]{1,40}$", examples=["pay_IH4NVgf4Dreq1l"])]
DeskMethod: TypeAlias = Literal[
    PaymentMethod.CASH,
    PaymentMethod.CARD,
    PaymentMethod.UPI,
    PaymentMethod.BANK_TRANSFER,
    PaymentMethod.OTHER,
]
Reference: TypeAlias = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=100, pattern=ONE_LINE),
    Field(
        description="Of the receipt book, the card machine or the transfer; never a name",
        examples=["Book 3, 41"],
    ),
]
OrderId = Annotated[str, Field(pattern=r"^order_[A-Za-z0-9]{1,40}$", examples=["order_IEIaMR65cu6nz3"])]


class InitiateBody(Body):
    """Which appointment is to be paid."""

    appointment_id: UUID


class VerifyBody(Body):
    """The three fields that the checkout hands to the page, and the appointment it believes to pay."""

    razorpay_payment_id: GatewayPaymentId
    razorpay_order_id: OrderId
    razorpay_signature: str = Field(max_length=256)
    appointment_id: UUID | None = None


class RefundBody(Body):
    """A refund always has an amount, in minor units."""

    amount: int = Field(gt=0, le=10**12, strict=True, description="Minor units (paise for INR)")
    reason_code: ReasonCode
    gateway_payment_id: GatewayPaymentId | None = Field(
        default=None,
        description="Of which attempt's money; else money that goes back anyway and has not yet comes first",
    )


class ReceiptBody(Body):
    """What the desk took for a visit: exactly its price, or nothing."""

    appointment_id: UUID
    method: DeskMethod = PaymentMethod.CASH
    reason_code: ReasonCode
    reference: Reference = ""
    amount: int | None = Field(
        default=None, gt=0, le=10**12, strict=True, description="Minor units; refused unless it is the price"
    )


class OverrideBody(Body):
    """The status that the payment is to have, and why. `method`, `reference` and `amount` are for `captured`."""

    appointment_id: UUID
    status: Literal["pending", "authorized", "captured", "failed"]
    reason_code: ReasonCode
    method: DeskMethod = PaymentMethod.OTHER
    reference: Reference = ""
    amount: int | None = Field(
        default=None, gt=0, le=10**12, strict=True, description="Minor units; refused unless it is the price"
    )


class HandedBackBody(Body):
    """How the desk gave a refund's money back."""

    method: DeskMethod = PaymentMethod.CASH
    reason_code: ReasonCode
    reference: Reference = ""


class FailureView(BaseModel):
    """Why an attempt failed. `description` is the gateway's sentence for the payer, in its own language."""

    reason_code: str = Field(examples=["insufficient-funds"])
    description: str | None


class PaymentView(BaseModel):
    """A payment as its owner sees it."""

    payment_id: UUID
    appointment_id: UUID
    account_id: UUID
    gateway: str = Field(description="`manual`: taken at the clinic's desk")
    order_id: str | None = Field(description="The provider's order; of a manual receipt, its own")
    amount: int = Field(description="Minor units")
    currency: Currency
    status: PaymentStatus
    outcome: Outcome = Field(description="What to tell the patient; `processing`: please do not pay again")
    failure: FailureView | None = Field(
        default=None, description="Of the last attempt, while the payment is `failed`"
    )
    method: PaymentMethod | None
    gateway_payment_id: str | None
    captured_amount: int
    refunded_amount: int
    hold_expires_at: datetime | None
    captured_at: datetime | None
    created_at: datetime
    updated_at: datetime


class OrderView(PaymentView):
    """What the checkout needs: pass `key_id`, `order_id`, `amount`, `currency` and `callback_url` to it."""

    key_id: str = Field(description="The provider's public key")
    callback_url: str = Field(
        description="Where the provider sends a browser that cannot run our page's script"
    )


class AttemptView(BaseModel):
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


class RefundView(BaseModel):
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


class TaxLineView(BaseModel):
    """One tax inside the amount."""

    name: str = Field(examples=["CGST"])
    percent: str = Field(examples=["9"])
    amount: int = Field(description="Minor units")


class ReceiptView(BaseModel):
    """What a receipt, or the note of a refund, says. Doctor and clinic are named as they were when it was issued."""

    receipt_id: UUID
    kind: Literal["receipt", "note"]
    number: str = Field(examples=["2026-27/R/000123"], description="Without a gap in its year and series")
    payment_id: UUID
    appointment_id: UUID
    account_id: UUID = Field(description="Who paid, and is paid back")
    gateway_payment_id: str
    refund_id: UUID | None
    receipt_number: str | None = Field(description="Of a note: the receipt whose money it gives back")
    amount: int = Field(description="Minor units, every tax included")
    currency: Currency
    taxable_amount: int = Field(description="Minor units")
    tax_lines: list[TaxLineView]
    exemption: str = Field(description="Why no tax is charged, where none is")
    tax_number: str = Field(description="The clinic's (in India its GSTIN)")
    service_code: str
    clinic_name: str
    clinic_address: str
    doctor_name: str
    registration_number: str
    consultation_type: str
    starts_at: datetime = Field(description="When the visit was to be, as it stood when this was issued")
    time_zone: str
    at_desk: bool
    method: PaymentMethod | None
    reference: str | None = Field(description="The provider's, or of the desk's receipt book or card machine")
    order_id: str | None
    happened_at: datetime = Field(description="When the money was captured, or given back")
    issued_at: datetime
    voided_at: datetime | None = Field(description="Of a note: when the bank returned the money after all")


class HistoryLineView(BaseModel):
    """One thing that happened to a payment."""

    what: str
    from_status: str | None
    to_status: str | None
    source: str
    reason_code: str | None
    gateway_payment_id: str | None
    refund_id: UUID | None
    happened_at: datetime


class PaymentInFullView(PaymentView):
    """A payment with everything that happened to it."""

    attempts: list[AttemptView]
    refunds: list[RefundView]
    history: list[HistoryLineView]


class PaymentListView(BaseModel):
    """All payments of one appointment, the newest first."""

    items: list[PaymentView]


class TakenView(BaseModel):
    """The event is stored; `new` is false when it was known."""

    new: bool
