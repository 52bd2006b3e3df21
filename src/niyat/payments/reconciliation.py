"""The three-way match, as values: our money, the gateway's report of what it settled, and what reached the bank.

Amounts are net, in minor units, as they reach the bank: a payment less its fee; a refund is below zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from niyat.payments.postings import GATEWAY_CLEARING, GATEWAY_FEE, GST_INPUT, Posting

BANK = "bank"
SUSPENSE = "suspense"


class DifferenceKind(StrEnum):
    """How the gateway's report and our books differ."""

    MISSING = "missing"  # ours, and in no report
    DOUBLED = "doubled"  # in the reports more than once
    AMOUNT_DIFFERS = "amount-differs"
    FEE_DIFFERS = "fee-differs"  # the fee, or the tax in it, is another than was said at the capture
    UNKNOWN = "unknown"  # theirs, and nothing of ours
    CHANGED = "changed"  # a later reading of the same row says something else
    WITHOUT_VISIT = "without-visit"  # settled money that is on no visit and does not go back
    TOTAL_DIFFERS = "total-differs"  # the bank got more or less than the rows explain


class DifferenceStatus(StrEnum):
    """Whether somebody has explained it."""

    OPEN = "open"
    EXPLAINED = "explained"


class RunStatus(StrEnum):
    """How far the reading of a day's report is."""

    ASKED = "asked"
    DONE = "done"
    FAILED = "failed"


TRANSITIONS: Mapping[tuple[DifferenceStatus, DifferenceStatus], str] = {
    (
        DifferenceStatus.OPEN,
        DifferenceStatus.EXPLAINED,
    ): "an administrator says why, or a later report has it",
}
"""The database's `difference_may_move` says the same."""

RUN_TRANSITIONS: Mapping[tuple[RunStatus, RunStatus], str] = {
    (RunStatus.ASKED, RunStatus.DONE): "read, and matched",
    (RunStatus.ASKED, RunStatus.FAILED): "the gateway gave no answer for hours",
}
"""The database's `reconciliation_may_move` says the same."""


@dataclass(frozen=True, slots=True)
class Item:
    """Money of ours that the gateway settles: a captured attempt, a refund that was made, what a dispute took.

    `fee` and `tax` are what is known of them so far; None: the report is the first to say. `placed`: it is on a
    visit, or goes back.
    """

    entity_id: str
    amount: int
    currency: str
    appointment_id: UUID
    payment_id: UUID
    fee: int | None = 0
    tax: int | None = 0
    refund_id: UUID | None = None
    dispute_id: UUID | None = None
    placed: bool = True

    def expected(self, fee: int) -> int:
        """What of it reaches the bank, with the row's `fee` where none is known."""
        return self.amount - (fee if self.fee is None else self.fee)


def difference_of(item: Item, *, net: int, fee: int, tax: int) -> tuple[DifferenceKind, int] | None:
    """How a row differs from its item, and by how much theirs is more. None: it does not."""
    off = net - item.expected(fee)
    fee_off = 0 if item.fee is None else fee - item.fee
    if off != -fee_off:
        return DifferenceKind.AMOUNT_DIFFERS, off
    if fee_off:
        return DifferenceKind.FEE_DIFFERS, off
    if item.tax is not None and tax != item.tax:
        return DifferenceKind.FEE_DIFFERS, item.tax - tax
    return None


T = TypeVar("T")


def missing_items(
    remainder: int, odd: int, unsettled: Sequence[tuple[T, int]]
) -> tuple[Sequence[T], int] | None:
    """Which of our unsettled items, the oldest first with their net amounts, a settlement paid without a row.

    `remainder`: what the bank got beyond what the rows explain. `odd`: what the rows say that we do not expect
    (doubled, unknown, off), of which nobody knows whether the bank got it. A settlement pays everything up to some
    moment, so what it lacks are the oldest items, together. That none of `odd` was paid is tried first; where both
    explain it, an item is named that a later report takes back, rather than one that nobody looks for.
    None: nothing is missing. Otherwise the items and what of the remainder they leave unexplained.
    """
    if not remainder:
        return None
    if items := _oldest(unsettled, remainder):
        return items, 0
    if remainder == odd:
        return None
    if items := _oldest(unsettled, remainder - odd):
        return items, 0
    return [], remainder


def _oldest(unsettled: Sequence[tuple[T, int]], wanted: int) -> Sequence[T]:
    """The first items that make up `wanted` together; none when they never do."""
    total = 0
    for count, (_, net) in enumerate(unsettled, start=1):
        total += net
        if total == wanted:
            return [item for item, _ in unsettled[:count]]
    return []


def settled(settlement_id: str, entity_id: str, net: int) -> Posting:
    """The gateway sent an item's money to the bank, or kept it from what it sent."""
    return Posting(f"setl:{settlement_id}:{entity_id}", ((BANK, net), (GATEWAY_CLEARING, -net)))


def remainder_settled(settlement_id: str, number: int, amount: int) -> Posting:
    """The bank got `amount` more than the rows explain, or less where it is below zero: nobody knows whose it is."""
    return Posting(f"setl:{settlement_id}:remainder:{number}", ((BANK, amount), (SUSPENSE, -amount)))


def explained(difference_id: UUID, amount: int, account: str) -> Posting:
    """An administrator says where `amount` of suspense belongs."""
    return Posting(f"diff:{difference_id}", ((SUSPENSE, amount), (account, -amount)))


def refund_fee(refund_id: UUID, fee: int, tax: int) -> Posting:
    """What an instant refund, made in the gateway's dashboard, cost."""
    entries = ((GATEWAY_FEE, fee - tax), (GST_INPUT, tax), (GATEWAY_CLEARING, -fee))
    return Posting(f"rfnd:{refund_id}:fee", tuple((account, amount) for account, amount in entries if amount))
