"""What is written in the ledger for each fact, as values. Debits are above zero, credits below.

Each posting has a key that names the outside fact, so that a fact told twice is written once. Nothing is ever
edited: what turns out wrong is answered by another posting.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

GATEWAY_CLEARING = "gateway_clearing"
PATIENT_DEPOSIT = "patient_deposit"
REFUND_PENDING = "refund_pending"
DOCTOR_PAYABLE = "doctor_payable"
PLATFORM_REVENUE = "platform_revenue"
GATEWAY_FEE = "gateway_fee"
GST_INPUT = "gst_input"


@dataclass(frozen=True, slots=True)
class Posting:
    """One ledger transaction: (account, amount) pairs that sum to zero."""

    key: str
    entries: tuple[tuple[str, int], ...]


def _posting(key: str, *entries: tuple[str, int]) -> Posting:
    return Posting(key, tuple((account, amount) for account, amount in entries if amount))


def captured(gateway_payment_id: str, amount: int) -> Posting:
    """The gateway holds the patient's money for us."""
    return _posting(
        f"pay:{gateway_payment_id}:captured", (GATEWAY_CLEARING, amount), (PATIENT_DEPOSIT, -amount)
    )


def fee(gateway_payment_id: str, amount: int, tax: int) -> Posting:
    """The gateway keeps its fee of `amount`, of which `tax` is tax."""
    return _posting(
        f"pay:{gateway_payment_id}:fee",
        (GATEWAY_FEE, amount - tax),
        (GST_INPUT, tax),
        (GATEWAY_CLEARING, -amount),
    )


def earned(appointment_id: UUID, deposit: int, commission: int) -> Posting:
    """The visit took place: the deposit is the doctor's, less our commission."""
    return _posting(
        f"appt:{appointment_id}:earned",
        (PATIENT_DEPOSIT, deposit),
        (DOCTOR_PAYABLE, commission - deposit),
        (PLATFORM_REVENUE, -commission),
    )


def refund_issued(refund_id: UUID, amount: int, from_deposit: int) -> Posting:
    """It is decided to give `amount` back: from the deposit, and what was earned already from the doctor."""
    return _posting(
        f"rfnd:{refund_id}:issued",
        (PATIENT_DEPOSIT, from_deposit),
        (DOCTOR_PAYABLE, amount - from_deposit),
        (REFUND_PENDING, -amount),
    )


def refund_processed(refund_id: UUID, amount: int) -> Posting:
    """The gateway gave it back."""
    return _posting(f"rfnd:{refund_id}:processed", (REFUND_PENDING, amount), (GATEWAY_CLEARING, -amount))


def refund_failed(
    refund_id: UUID, amount: int, from_deposit: int, *, was_processed: bool
) -> tuple[Posting, ...]:
    """The gateway could not give it back: it is owed again. What was processed comes back first."""
    reversal = _posting(
        f"rfnd:{refund_id}:failed",
        (REFUND_PENDING, amount),
        (PATIENT_DEPOSIT, -from_deposit),
        (DOCTOR_PAYABLE, from_deposit - amount),
    )
    if not was_processed:
        return (reversal,)
    undone = _posting(f"rfnd:{refund_id}:unprocessed", (GATEWAY_CLEARING, amount), (REFUND_PENDING, -amount))
    return (undone, reversal)
