"""What is written in the ledger for each fact, as values. Debits are above zero, credits below.

Each posting has a key that names the outside fact, so that a fact told twice is written once. Nothing is ever
edited: what turns out wrong is answered by another posting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from niyat.payments.commission import NOTHING_EARNED, Earnings
from niyat.payments.domain import PaymentMethod

GATEWAY_CLEARING = "gateway_clearing"
CASH = "cash"
DESK_CLEARING = "desk_clearing"
PATIENT_DEPOSIT = "patient_deposit"
REFUND_PENDING = "refund_pending"
REFUND_OWED = "refund_owed"
DOCTOR_PAYABLE = "doctor_payable"
DOCTOR_RECEIVABLE = "doctor_receivable"
PLATFORM_REVENUE = "platform_revenue"
GATEWAY_FEE = "gateway_fee"
GST_INPUT = "gst_input"
GST_OUTPUT = "gst_output"


@dataclass(frozen=True, slots=True)
class Posting:
    """One ledger transaction: (account, amount) pairs that sum to zero."""

    key: str
    entries: tuple[tuple[str, int], ...]


def _posting(key: str, *entries: tuple[str, int]) -> Posting:
    return Posting(key, tuple((account, amount) for account, amount in entries if amount))


def desk_account(method: PaymentMethod | str) -> str:
    """Where money at the desk is: the till, or what a card machine and the bank still have to show."""
    return CASH if method == PaymentMethod.CASH else DESK_CLEARING


def captured(gateway_payment_id: str, amount: int, *, held_in: str = GATEWAY_CLEARING) -> Posting:
    """The patient's money is ours: the gateway holds it for us, or the desk (`held_in`) has it."""
    return _posting(f"pay:{gateway_payment_id}:captured", (held_in, amount), (PATIENT_DEPOSIT, -amount))


def fee(gateway_payment_id: str, amount: int, tax: int) -> Posting:
    """The gateway keeps its fee of `amount`, of which `tax` is tax."""
    return _posting(
        f"pay:{gateway_payment_id}:fee",
        (GATEWAY_FEE, amount - tax),
        (GST_INPUT, tax),
        (GATEWAY_CLEARING, -amount),
    )


def _earning(earnings: Earnings, amount: int) -> tuple[tuple[str, int], ...]:
    """The entries by which `amount` more is earned, or less where it is below zero."""
    now, then = earnings.shares, earnings.after(amount)
    return (
        (DOCTOR_PAYABLE, now.doctor - then.doctor),
        (PLATFORM_REVENUE, now.revenue - then.revenue),
        (GST_OUTPUT, now.tax - then.tax),
    )


def earned(appointment_id: UUID, deposit: int, earnings: Earnings) -> Posting:
    """The visit took place: the deposit is the doctor's, less our commission and its tax."""
    return _posting(f"appt:{appointment_id}:earned", (PATIENT_DEPOSIT, deposit), *_earning(earnings, deposit))


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the money of a refund comes from; what neither has comes from what was earned."""

    deposit: int
    owed: int = 0
    earnings: Earnings = NOTHING_EARNED

    @staticmethod
    def of(amount: int, *, deposit: int, owed: int, earnings: Earnings) -> Sources:
        """What was owed first, because an earlier refund of it failed; then the deposit."""
        from_owed = min(amount, max(0, owed))
        return Sources(min(amount - from_owed, max(0, deposit)), from_owed, earnings)

    def entries(self, amount: int) -> tuple[tuple[str, int], ...]:
        return (
            (REFUND_OWED, self.owed),
            (PATIENT_DEPOSIT, self.deposit),
            *_earning(self.earnings, self.deposit + self.owed - amount),
        )


def refund_issued(refund_id: UUID, amount: int, sources: Sources) -> Posting:
    """It is decided to give `amount` back."""
    return _posting(f"rfnd:{refund_id}:issued", *sources.entries(amount), (REFUND_PENDING, -amount))


def refund_processed(refund_id: UUID, amount: int, *, paid_from: str = GATEWAY_CLEARING) -> Posting:
    """The gateway gave it back, or the desk (`paid_from`) did."""
    return _posting(f"rfnd:{refund_id}:processed", (REFUND_PENDING, amount), (paid_from, -amount))


def refund_failed(
    refund_id: UUID, amount: int, *, was_processed: bool, again: bool = False
) -> tuple[Posting, ...]:
    """The gateway could not give it back: it is owed, and earned by nobody. What was processed comes back first."""
    word = "failed-again" if again else "failed"
    owed = _posting(f"rfnd:{refund_id}:{word}", (REFUND_PENDING, amount), (REFUND_OWED, -amount))
    if not was_processed:
        return (owed,)
    undone = _posting(f"rfnd:{refund_id}:unprocessed", (GATEWAY_CLEARING, amount), (REFUND_PENDING, -amount))
    return (undone, owed)


def refund_revived(refund_id: UUID, amount: int, sources: Sources) -> Posting:
    """We took it for failed, or superseded, and the gateway has it after all."""
    return _posting(f"rfnd:{refund_id}:revived", *sources.entries(amount), (REFUND_PENDING, -amount))


def refund_superseded(refund_id: UUID, amount: int, sources: Sources) -> Posting:
    """It went back another way. First what that took from the doctor is made good, then the sources it came from."""
    filled = min(amount, max(0, -sources.earnings.shares.total))
    owed = min(amount - filled, sources.owed)
    deposit = min(amount - filled - owed, sources.deposit)
    return _posting(
        f"rfnd:{refund_id}:superseded",
        (REFUND_PENDING, amount),
        (REFUND_OWED, -owed),
        (PATIENT_DEPOSIT, -deposit),
        *_earning(sources.earnings, amount - owed - deposit),
    )


def correction(correction_id: UUID, entries: Iterable[tuple[str, int]]) -> Posting:
    """What an administrator moves by hand, with a reason. The entries sum to zero."""
    return _posting(f"corr:{correction_id}", *entries)
