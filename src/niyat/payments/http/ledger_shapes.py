"""What the ledger's routes take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from niyat.kernel.fields import Body, Currency, Day, Reason

From: TypeAlias = Annotated[Day | None, Query(alias="from", description="Booked on this day or later")]
To: TypeAlias = Annotated[Day | None, Query(alias="to", description="Booked on this day or before")]
AccountName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$", examples=["suspense"])]
Signed: TypeAlias = Annotated[
    int,
    Field(ge=-(10**12), le=10**12, strict=True, description="Minor units; debit above zero, credit below"),
]


class BalanceView(BaseModel):
    """What one account holds in one currency."""

    account: str
    kind: str = Field(description="`asset`, `liability`, `income` or `expense`")
    means: str
    currency: Currency
    balance: int = Field(description="Minor units; debit above zero, credit below")


class BalancesView(BaseModel):
    """Every account that was ever used. In each currency they sum to zero."""

    items: list[BalanceView]


class EntryView(BaseModel):
    """One side of a transaction of the ledger."""

    entry_id: int
    transaction_id: int
    external_key: str = Field(description="The outside fact that it is of", examples=["pay_x:captured"])
    account: str
    amount: int = Field(description="Minor units; debit above zero, credit below")
    currency: Currency
    booked_on: date = Field(description="The day of the books, in the clinic's zone")
    event_at: datetime = Field(description="When it happened")
    created_at: datetime = Field(description="When it was written")
    appointment_id: UUID | None
    payment_id: UUID | None
    refund_id: UUID | None
    doctor_id: UUID | None


class ClosePeriodBody(Body):
    """Until which day the books are closed, that day included, and why."""

    until: Day
    reason: Reason


class PeriodView(BaseModel):
    """One closing of the books."""

    period_id: UUID
    closed_until: date
    reason: str
    closed_by: UUID
    closed_at: datetime


class CorrectionEntryBody(Body):
    """What one account gets or gives."""

    account: AccountName
    amount: Signed


class CorrectionBody(Body):
    """Amounts that sum to zero, and why they are moved."""

    entries: list[CorrectionEntryBody] = Field(min_length=2, max_length=20)
    currency: Currency = "INR"
    reason: Reason
    doctor_id: UUID | None = Field(default=None, description="Whose, when a doctor's account is touched")


class CorrectionView(BaseModel):
    """A correction that was posted."""

    correction_id: UUID
    external_key: str
