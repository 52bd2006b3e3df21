"""What the routes of payouts take and give."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from pydantic import BaseModel, Field

from niyat.kernel.fields import Body, Currency, Day, Reason
from niyat.payments.payouts import AccountType, BatchStatus, PayoutMode, PayoutStatus

FundAccountId: TypeAlias = Annotated[
    str, Field(pattern=r"^fa_[A-Za-z0-9]{1,36}$", examples=["fa_00000000000001"])
]


class FundAccountBody(Body):
    """The provider's id of a bank account or UPI address. Its details are never sent here."""

    fund_account_id: FundAccountId
    reason: Reason


class FundAccountView(BaseModel):
    """Where a doctor is paid."""

    doctor_id: UUID
    fund_account_id: str
    account_type: AccountType
    updated_at: datetime


class ProposeBody(Body):
    """Until which day visits count, that day included; else as the schedule would propose today."""

    until: Day | None = None
    reason: Reason


class PayoutView(BaseModel):
    """What one doctor is paid, once."""

    payout_id: UUID
    batch_id: UUID
    doctor_id: UUID
    amount: int = Field(description="Minor units")
    currency: Currency
    status: PayoutStatus
    period_starts_at: datetime
    period_ends_at: datetime = Field(description="Visits held before it")
    fund_account_id: str
    mode: PayoutMode
    gateway_payout_id: str | None
    utr: str | None = Field(description="The banks' reference number, once it is known")
    failure_reason: str | None = Field(description="A code, where it came to nothing or was left out")
    retry_of: UUID | None = Field(description="The payout that came to nothing before it")
    created_at: datetime
    updated_at: datetime


class PayoutHistoryView(BaseModel):
    """One move of a payout."""

    from_status: PayoutStatus | None
    to_status: PayoutStatus
    source: str = Field(description="`schedule`, `admin`, `webhook` or `gateway`")
    reason_code: str | None
    happened_at: datetime


class PayoutInFullView(PayoutView):
    """A payout, what happened to it, and what came after it."""

    retried_by: UUID | None
    history: list[PayoutHistoryView]


class PayoutBatchView(BaseModel):
    """Payouts that are decided about together."""

    batch_id: UUID
    status: BatchStatus
    cut_off: datetime = Field(description="Visits held before it")
    scheduled_for: date | None = Field(description="The payday; none of a batch proposed by hand")
    proposed_by: UUID | None
    decided_by: UUID | None
    decided_at: datetime | None
    payouts: int = Field(description="How many, without what was left out and tries of the same again")
    amount: int = Field(description="Minor units, of those together")
    created_at: datetime


class PayoutBatchInFullView(PayoutBatchView):
    """A batch and its payouts."""

    items: list[PayoutView]


class DoctorBalanceView(BaseModel):
    """What a doctor is owed, in minor units."""

    doctor_id: UUID
    currency: Currency
    owed: int = Field(description="By the books; below zero: the doctor owes it")
    frozen: int = Field(description="Of it, waiting for a dispute to be decided")
    held_back: int = Field(description="Of it, earned too lately to be paid out now")
    available: int = Field(description="The rest; below zero: the next visits fill it up")
    on_its_way: int = Field(description="Besides, approved and not there yet")
    cut_off: datetime = Field(description="What was earned from then on is held back")
    fund_account_id: str | None = Field(description="Without one nothing is proposed")
