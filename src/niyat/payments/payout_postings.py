"""What is written in the ledger for payouts, as values. Debits are above zero, credits below.

Every posting names the doctor and no appointment: an appointment's entries on `doctor_payable` are what it earned.
"""

from __future__ import annotations

from uuid import UUID

from niyat.payments.postings import (
    DOCTOR_PAYABLE,
    DOCTOR_RECEIVABLE,
    GATEWAY_FEE,
    GST_INPUT,
    Posting,
)

PAYOUT_PENDING = "payout_pending"
BANK = "bank"


def _posting(payout_id: UUID, word: str, *entries: tuple[str, int]) -> Posting:
    return Posting(f"payout:{payout_id}:{word}", tuple(entry for entry in entries if entry[1]))


def approved(payout_id: UUID, amount: int) -> Posting:
    """It is decided to pay the doctor `amount`."""
    return _posting(payout_id, "approved", (DOCTOR_PAYABLE, amount), (PAYOUT_PENDING, -amount))


def processed(payout_id: UUID, amount: int) -> Posting:
    """The doctor's bank has it."""
    return _posting(payout_id, "processed", (PAYOUT_PENDING, amount), (BANK, -amount))


def fee(payout_id: UUID, amount: int, tax: int) -> Posting:
    """The gateway keeps `amount` for it, of which `tax` is tax."""
    return _posting(payout_id, "fee", (GATEWAY_FEE, amount - tax), (GST_INPUT, tax), (BANK, -amount))


def fee_returned(payout_id: UUID, amount: int, tax: int) -> Posting:
    """It gave the fee of a payout back that the bank sent back."""
    return _posting(payout_id, "fee-returned", (GATEWAY_FEE, tax - amount), (GST_INPUT, -tax), (BANK, amount))


def failed(payout_id: UUID, amount: int, *, again: bool) -> Posting:
    """It was not sent: the doctor is owed it again. `again`: it had been taken for failed before."""
    word = "failed-again" if again else "failed"
    return _posting(payout_id, word, (PAYOUT_PENDING, amount), (DOCTOR_PAYABLE, -amount))


def came_back(payout_id: UUID, amount: int, *, was_processed: bool) -> Posting:
    """The bank sent it back: the doctor is owed it again."""
    held_in = BANK if was_processed else PAYOUT_PENDING
    return _posting(payout_id, "reversed", (held_in, amount), (DOCTOR_PAYABLE, -amount))


def revived(payout_id: UUID, amount: int) -> Posting:
    """We took it for failed, and the gateway has it after all."""
    return _posting(payout_id, "revived", (DOCTOR_PAYABLE, amount), (PAYOUT_PENDING, -amount))


def debt(debt_id: UUID, amount: int) -> Posting:
    """More went back to patients than the doctor was still owed: `amount` more is owed to us; below zero: less."""
    return Posting(f"debt:{debt_id}", ((DOCTOR_RECEIVABLE, amount), (DOCTOR_PAYABLE, -amount)))
