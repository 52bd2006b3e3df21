"""What the routes of disputes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from niyat.kernel.fields import NO_NUL, Body, Currency
from niyat.payments.disputes import DisputeStatus


class DisputeView(BaseModel):
    """A patient's bank objects to a payment."""

    dispute_id: UUID
    gateway_dispute_id: str = Field(examples=["disp_AHfqOvkldwsbqt"])
    gateway_payment_id: str
    payment_id: UUID
    appointment_id: UUID
    status: DisputeStatus
    phase: str = Field(description="The provider's word", examples=["chargeback"])
    reason_code: str
    amount: int = Field(description="Minor units")
    currency: Currency
    amount_deducted: int = Field(description="What the provider took of our balance, in minor units")
    double_loss: int = Field(
        description="Of this payment, what went back twice, refunded and lost, in minor units"
    )
    respond_by: datetime | None = Field(description="Until then the provider takes evidence")
    opened_at: datetime
    decided_at: datetime | None


class DisputeNoteView(BaseModel):
    """What an administrator wrote down."""

    note: str
    noted_by: UUID
    noted_at: datetime


class DisputeInFullView(DisputeView):
    """A dispute with its notes, the oldest first."""

    notes: list[DisputeNoteView]


class DisputeNoteBody(Body):
    """What was done or said; no names of patients."""

    note: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500, pattern=NO_NUL)
    ]
