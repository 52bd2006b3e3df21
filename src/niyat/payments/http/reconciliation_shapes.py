"""What reconciliation's routes take and give."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from niyat.kernel.fields import Body, Currency, Day, Reason
from niyat.payments.http.ledger_shapes import AccountName
from niyat.payments.reconciliation import DifferenceKind, DifferenceStatus, RunStatus


class RunBody(Body):
    """Which day's report is to be read, by the provider's calendar (Asia/Kolkata)."""

    day: Day


class RunView(BaseModel):
    """One reading of a day's report."""

    run_id: UUID
    day: date
    status: RunStatus
    asked_by: UUID | None = Field(description="Null: the daily one")
    asked_at: datetime
    finished_at: datetime | None
    settlements: int
    rows_read: int
    matched: int
    differences: int = Field(description="New ones that this reading found")
    last_error: str | None


class DifferenceView(BaseModel):
    """Where the provider's report and the books differ, with the references of both."""

    difference_id: UUID
    kind: DifferenceKind
    status: DifferenceStatus
    settlement_id: str | None = Field(description="Theirs", examples=["setl_7IZKKI4Pnt2kEe"])
    entity_id: str | None = Field(description="Theirs: a payment, a refund, an adjustment or a dispute")
    appointment_id: UUID | None = Field(description="Ours, as are the three below")
    payment_id: UUID | None
    refund_id: UUID | None
    dispute_id: UUID | None
    amount: int = Field(
        description="Minor units by which theirs is more than ours; below zero: less. Of `without-visit`, the money"
    )
    currency: Currency
    day: date = Field(description="Of the report; of what was never in one, when it was missed")
    found_at: datetime
    explained_at: datetime | None
    explained_by: UUID | None = Field(description="Null of an explained one: a later report did")
    reason: str | None


class SettlementView(BaseModel):
    """What the provider sent to the bank at once."""

    settlement_id: str
    amount: int = Field(description="Minor units, after fees, refunds and disputes")
    currency: Currency
    utr: str | None = Field(description="The banks' reference number")
    settled_at: datetime
    rows: int = Field(description="Rows of the report")
    matched: int = Field(description="Rows that are money of ours")
    fee: int = Field(description="Of the matched rows, tax included, in minor units")
    tax: int
    in_suspense: int = Field(description="What of it nothing explains yet, in minor units")


class DayReportView(BaseModel):
    """A day's settlements and all that differs."""

    day: date
    read_at: datetime | None = Field(description="When its report was last read; null: never")
    settlements: list[SettlementView]
    differences: list[DifferenceView]


class ExplainBody(Body):
    """Why it differs and, when its money is in suspense, where that belongs."""

    reason: Reason
    account: AccountName | None = Field(
        default=None,
        description="The ledger's account that its amount goes to; null: it was only the report that was wrong",
        examples=["gateway_clearing"],
    )
