"""Disputes: a patient's bank objects to a captured payment. What may become of one, and what each end costs.

The gateway takes money of ours when a dispute is lost (of one that is won, what was not contested), not when it is
opened; but whatever it says it took is booked at once (docs/adr/0017).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from niyat.payments.postings import GATEWAY_CLEARING, Posting

DISPUTE_HOLD = "dispute_hold"
CHARGEBACK_LOSS = "chargeback_loss"


class DisputeStatus(StrEnum):
    """How far a dispute is."""

    OPEN = "open"  # evidence is wanted
    UNDER_REVIEW = "under-review"  # the bank reads the evidence
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"  # a suspicion of fraud that came to nothing, or ended without a verdict


D = DisputeStatus
TRANSITIONS: Mapping[tuple[DisputeStatus, DisputeStatus], str] = {
    (D.OPEN, D.UNDER_REVIEW): "evidence was submitted",
    (D.OPEN, D.WON): "decided for us",
    (D.OPEN, D.LOST): "accepted, or not answered in time",
    (D.OPEN, D.CLOSED): "ended without a verdict",
    (D.UNDER_REVIEW, D.OPEN): "the bank wants better evidence",
    (D.UNDER_REVIEW, D.WON): "decided for us",
    (D.UNDER_REVIEW, D.LOST): "decided against us",
    (D.UNDER_REVIEW, D.CLOSED): "ended without a verdict",
}
"""Every move of a dispute, and what brings it about. The database's `dispute_may_move` says the same."""

UNDECIDED = frozenset({D.OPEN, D.UNDER_REVIEW})


def held(gateway_dispute_id: str, amount: int) -> Posting:
    """The gateway keeps `amount` of our balance back while it is undecided."""
    return Posting(f"disp:{gateway_dispute_id}:held", ((DISPUTE_HOLD, amount), (GATEWAY_CLEARING, -amount)))


def decided(gateway_dispute_id: str, *, deducted: int, was_held: int) -> Posting:
    """It is decided: `deducted` is lost, of which `was_held` had been kept back; what is over comes back."""
    entries = (
        (CHARGEBACK_LOSS, deducted),
        (DISPUTE_HOLD, -was_held),
        (GATEWAY_CLEARING, was_held - deducted),
    )
    return Posting(
        f"disp:{gateway_dispute_id}:decided",
        tuple((account, amount) for account, amount in entries if amount),
    )
