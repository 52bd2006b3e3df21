"""The states of a payout, and what the vendor says of each. https://razorpay.com/docs/x/payouts/states-life-cycle

`processed` may become `reversed` days later, and so may `failed` when money was debited after all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypedDict

from niyat.sandbox.razorpay.errors import Refusal

Status = Literal[
    "pending", "queued", "processing", "processed", "reversed", "cancelled", "rejected", "failed"
]

TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    "pending": frozenset({"queued", "processing", "rejected"}),
    "queued": frozenset({"processing", "cancelled", "failed"}),
    "processing": frozenset({"processed", "reversed", "failed"}),
    "processed": frozenset({"reversed"}),
    "failed": frozenset({"reversed"}),
    "reversed": frozenset(),
    "cancelled": frozenset(),
    "rejected": frozenset(),
}

EVENTS: Mapping[Status, str] = {
    "pending": "payout.pending",
    "rejected": "payout.rejected",
    "queued": "payout.queued",
    "processing": "payout.initiated",
    "processed": "payout.processed",
    "reversed": "payout.reversed",
    "failed": "payout.failed",
}
"""A cancelled payout has no event."""


class Details(TypedDict):
    reason: str
    description: str
    source: str


OFFLINE = Details(
    reason="beneficiary_bank_offline",
    description="Beneficiary bank systems are offline, please retry after 30 min",
    source="beneficiary_bank",
)
CLOSED = Details(
    reason="bank_account_closed",
    description="Payout failed as the beneficiary account is closed. Please contact the beneficiary bank",
    source="beneficiary_bank",
)
QUEUED_TOO_LONG = Details(
    reason="low_balance",
    description="Payout failed as it was queued for more than 3 months",
    source="business",
)
"""The sandbox's own words; the vendor documents the rule only."""

DETAILS: Mapping[Status, Details] = {
    "pending": Details(
        reason="pending_approval", description="Payout is pending approval", source="business"
    ),
    "queued": Details(
        reason="low_balance",
        description="Payout is queued as there is insufficient balance in your business account"
        " to process the payout",
        source="business",
    ),
    "processing": Details(
        reason="beneficiary_bank_confirmation_pending",
        description="Confirmation of the credit to the beneficiary is pending from the beneficiary bank",
        source="beneficiary_bank",
    ),
    "processed": Details(
        reason="payout_processed",
        description="Payout is processed and the money has been credited into the beneficiary account.",
        source="beneficiary_bank",
    ),
    "rejected": Details(
        reason="payout_rejected",
        description="Workflow for the payout was rejected by the approver (s)",
        source="business",
    ),
    "cancelled": Details(
        reason="payout_cancelled", description="Payout is cancelled by the business", source="business"
    ),
    "failed": CLOSED,
    "reversed": OFFLINE,
}


def require(present: Status, wanted: Status) -> None:
    if wanted not in TRANSITIONS[present]:
        raise Refusal(f"Payout cannot move from {present} to {wanted}", validation=False)
