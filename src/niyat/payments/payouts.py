"""The rules of paying doctors out, as values: the statuses of a payout and of a batch, the way it is sent, its days,
and what the gateway says of it.

What a doctor is owed is the ledger's to say (`doctor_balances` in the database); nothing here knows an amount by heart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID


class PayoutStatus(StrEnum):
    """Where a payout is. A processed one may still be sent back, days later."""

    PENDING = "pending"
    APPROVED = "approved"
    QUEUED = "queued"
    PROCESSING = "processing"
    PROCESSED = "processed"
    FAILED = "failed"
    REVERSED = "reversed"
    CANCELLED = "cancelled"


S = PayoutStatus
TRANSITIONS: Mapping[tuple[PayoutStatus, PayoutStatus], str] = {
    (S.PENDING, S.APPROVED): "an administrator approved its batch",
    (S.PENDING, S.CANCELLED): "left out, its batch discarded, or no longer owed",
    (S.APPROVED, S.QUEUED): "the gateway has it and waits for money or for its own approval",
    (S.APPROVED, S.PROCESSING): "the gateway sends it",
    (S.APPROVED, S.PROCESSED): "the doctor's bank has it",
    (S.APPROVED, S.FAILED): "the gateway refused it for good",
    (S.APPROVED, S.REVERSED): "the money came back",
    (S.QUEUED, S.PROCESSING): "the gateway sends it",
    (S.QUEUED, S.PROCESSED): "the doctor's bank has it",
    (S.QUEUED, S.FAILED): "rejected or cancelled at the gateway, or queued too long",
    (S.QUEUED, S.REVERSED): "the money came back",
    (S.PROCESSING, S.PROCESSED): "the doctor's bank has it",
    (S.PROCESSING, S.FAILED): "the bank refused it",
    (S.PROCESSING, S.REVERSED): "the money came back",
    (S.PROCESSED, S.REVERSED): "the money came back after all",
    (S.FAILED, S.QUEUED): "we took it for failed, and the gateway has it after all",
    (S.FAILED, S.PROCESSING): "we took it for failed, and the gateway has it after all",
    (S.FAILED, S.PROCESSED): "we took it for failed, and the gateway has it after all",
    (S.FAILED, S.REVERSED): "the bank had taken it, and sent it back",
}
"""Every move of a payout, and what brings it about. The database's `payout_may_move` says the same."""

CAME_TO_NOTHING = frozenset({S.FAILED, S.REVERSED})
"""Its money is owed again; another try is another payout."""


class BatchStatus(StrEnum):
    """What was decided about a batch of payouts."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    DISCARDED = "discarded"


B = BatchStatus
BATCH_TRANSITIONS: Mapping[tuple[BatchStatus, BatchStatus], str] = {
    (B.PROPOSED, B.APPROVED): "an administrator approved it",
    (B.PROPOSED, B.DISCARDED): "an administrator discarded it",
}
"""Every move of a batch. The database's `payout_batch_may_move` says the same."""


class PayoutMode(StrEnum):
    """How the money travels, in the words of the Indian banks."""

    NEFT = "NEFT"
    IMPS = "IMPS"
    UPI = "UPI"


class AccountType(StrEnum):
    """What a doctor's fund account is, in the gateway's words."""

    BANK_ACCOUNT = "bank_account"
    VPA = "vpa"


IMPS_LIMIT = 500_000_00
UPI_LIMIT = 100_000_00
"""Paise, both inclusive. https://razorpay.com/docs/x/payouts"""
LEAST = 100
"""The gateway sends no less than a rupee."""


def mode_of(account_type: AccountType, amount: int) -> PayoutMode:
    """IMPS is there within minutes, at any hour; what is too much for it goes by NEFT."""
    if account_type is AccountType.VPA:
        return PayoutMode.UPI
    return PayoutMode.IMPS if amount <= IMPS_LIMIT else PayoutMode.NEFT


def at_once(account_type: AccountType, amount: int) -> int:
    """What of `amount` one payout may come to, in minor units; the rest stays owed."""
    return min(amount, UPI_LIMIT) if account_type is AccountType.VPA else amount


class Weekday(StrEnum):
    """A day of the week, Monday first."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class PayoutSchedule(StrEnum):
    """When batches are proposed on their own; with `off` only administrators propose."""

    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"


def last_payday(today: date, schedule: PayoutSchedule, weekday: Weekday) -> date | None:
    """The newest day, `today` included, for which a batch is due by the schedule; None when it is off."""
    if schedule is PayoutSchedule.OFF:
        return None
    if schedule is PayoutSchedule.DAILY:
        return today
    return today - timedelta(days=(today.weekday() - list(Weekday).index(weekday)) % 7)


@dataclass(frozen=True, slots=True)
class PayoutRequest:
    """What is sent for one payout. The same `payout_id` always means the same request, to the letter.

    `account_number`: of the business account that it is paid from.
    """

    payout_id: UUID
    account_number: str
    fund_account_id: str
    amount: int
    currency: str
    mode: PayoutMode


@dataclass(frozen=True, slots=True)
class PayoutFact:
    """What the gateway says of one payout. `our_payout_id` is what we wrote into it, if it was ours; `reason`: why it
    is where it is, in the gateway's code."""

    gateway_payout_id: str
    amount: int
    currency: str
    status: PayoutStatus
    our_payout_id: UUID | None = None
    utr: str | None = None
    fee: int = 0
    tax: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FundAccount:
    """Where somebody is paid, as the gateway has it. It keeps the bank's details; we do not."""

    fund_account_id: str
    account_type: AccountType
    active: bool
