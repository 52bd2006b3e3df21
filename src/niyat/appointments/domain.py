"""The rules of a booking: its states, what goes back on cancellation, how long a hold lasts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from niyat.kernel.money import Money

HOLD = timedelta(minutes=5)


class ConsultationType(StrEnum):
    """How patient and doctor meet."""

    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    IN_PERSON = "IN_PERSON"


class SlotStatus(StrEnum):
    """What a piece of a doctor's time is: free, held for a patient, booked, or taken out by the doctor."""

    AVAILABLE = "available"
    HELD = "held"
    BOOKED = "booked"
    BLOCKED = "blocked"


class AppointmentStatus(StrEnum):
    """Where a booking stands. `docs/states.md` shows every move between them."""

    RESERVED = "reserved"
    PENDING_PAYMENT = "pending-payment"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NO_SHOW = "no-show"


S = AppointmentStatus

LIVE = frozenset({S.RESERVED, S.PENDING_PAYMENT, S.CONFIRMED})
"""These keep a slot: the database's three walls are about them."""

TRANSITIONS: dict[tuple[AppointmentStatus, AppointmentStatus], str] = {
    (S.RESERVED, S.PENDING_PAYMENT): "payment started",
    (S.RESERVED, S.CONFIRMED): "free visit confirmed",
    (S.RESERVED, S.EXPIRED): "hold lapsed",
    (S.RESERVED, S.CANCELLED): "cancelled",
    (S.PENDING_PAYMENT, S.CONFIRMED): "payment captured",
    (S.PENDING_PAYMENT, S.EXPIRED): "hold lapsed unpaid",
    (S.PENDING_PAYMENT, S.CANCELLED): "cancelled",
    (S.CONFIRMED, S.CONFIRMED): "moved to another time",
    (S.CONFIRMED, S.COMPLETED): "visit took place",
    (S.CONFIRMED, S.NO_SHOW): "somebody did not come",
    (S.CONFIRMED, S.CANCELLED): "cancelled",
    (S.EXPIRED, S.PENDING_PAYMENT): "late money, slot still free",
}
"""Every move there is, and what brings it about. The database's `appointment_may_move` says the same."""


def may_move(before: AppointmentStatus, after: AppointmentStatus) -> bool:
    """Whether a booking may go from `before` to `after`."""
    return (before, after) in TRANSITIONS


def slot_status(status: AppointmentStatus) -> SlotStatus | None:
    """What an appointment in `status` makes of its slot; None when it gives it back."""
    if status in (S.RESERVED, S.PENDING_PAYMENT):
        return SlotStatus.HELD
    if status in (S.CONFIRMED, S.COMPLETED, S.NO_SHOW):
        return SlotStatus.BOOKED
    return None


@dataclass(frozen=True, slots=True)
class Tier:
    """Cancelled at least `hours_before` the start, `percent` of the price goes back."""

    hours_before: int
    percent: int


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """What goes back when a confirmed visit is cancelled. A copy is kept with each booking as it was then."""

    tiers: tuple[Tier, ...] = (Tier(24, 100), Tier(4, 50))
    clinic_cancels_percent: int = 100

    @classmethod
    def from_json(cls, policy: dict[str, Any]) -> RefundPolicy:
        """The policy of a stored snapshot."""
        tiers = tuple(Tier(tier["hours_before"], tier["percent"]) for tier in policy["tiers"])
        return cls(tiers, policy["clinic_cancels_percent"])

    def as_json(self) -> dict[str, Any]:
        """The snapshot that is stored with a booking and shown to the patient."""
        tiers = [{"hours_before": tier.hours_before, "percent": tier.percent} for tier in self.tiers]
        return {"tiers": tiers, "clinic_cancels_percent": self.clinic_cancels_percent}

    def percent(self, ahead: timedelta, *, by_patient: bool) -> int:
        """How many hundredths of the price go back when cancelled `ahead` of the start."""
        if not by_patient:
            return self.clinic_cancels_percent
        reached = (tier.percent for tier in self.tiers if ahead >= timedelta(hours=tier.hours_before))
        return max(reached, default=0)


def owed_back(
    price: Money, policy: RefundPolicy, status: AppointmentStatus, *, ahead: timedelta, by_patient: bool
) -> Money:
    """What of the price the patient gets back on a cancellation now, should any money have come.

    A booking that was never confirmed gives all of it back.
    """
    if status is not S.CONFIRMED:
        return price
    return price.percent(policy.percent(ahead, by_patient=by_patient))


def has_started(starts_at: datetime, now: datetime) -> bool:
    """Whether the visit's time has come."""
    return now >= starts_at
