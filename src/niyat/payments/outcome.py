"""What a patient is told about a payment, in one word, from our rows alone."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from niyat.payments.domain import PaymentStatus, Step


class Outcome(StrEnum):
    """`payable`: the order can be paid. `processing`: money was seen, please do not pay again. `cancelled`: it was for
    a visit that is off, and what goes back of it is back.
    """

    PAYABLE = "payable"
    PROCESSING = "processing"
    CAPTURED = "captured"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    NOT_CHARGED = "not-charged"
    SET_ASIDE = "set-aside"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    FAILED = "failed"


def outcome_of(
    status: PaymentStatus,
    steps: Collection[Step],
    *,
    payable: bool,
    confirmed: bool,
    closed: bool,
    refunds_pending: bool,
) -> Outcome:
    """`steps`: those of the payment's attempts; `payable`: its order exists and may be shown; `closed`: its case is."""
    if {Step.SECURING, Step.CAPTURING} & set(steps):
        return Outcome.PROCESSING
    if status is PaymentStatus.REFUNDED:
        return Outcome.REFUNDED
    if Step.KEPT in steps:
        if refunds_pending:
            return Outcome.REFUNDING
        if closed:
            return Outcome.CANCELLED
        return Outcome.CONFIRMED if confirmed else Outcome.CAPTURED
    if Step.RETURNING in steps:
        return Outcome.REFUNDING
    if Step.SET_ASIDE in steps:
        return Outcome.SET_ASIDE
    if Step.LAPSING in steps:
        return Outcome.NOT_CHARGED
    if payable:
        return Outcome.PAYABLE
    return Outcome.NOT_CHARGED if Step.RELEASED in steps else Outcome.FAILED
