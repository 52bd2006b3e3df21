"""What goes back when a visit is cancelled: hours before the start, and hundredths of the price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any


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

    def at_most(self, percent: int) -> RefundPolicy:
        """The same terms, but never giving back more than `percent` when the patient cancels."""
        tiers = tuple(Tier(tier.hours_before, min(tier.percent, percent)) for tier in self.tiers)
        return RefundPolicy(tiers, self.clinic_cancels_percent)

    def at_least(self, percent: int) -> RefundPolicy:
        """The same terms, but giving back at least `percent` when the patient cancels, up to the start."""
        tiers = tuple(Tier(tier.hours_before, max(tier.percent, percent)) for tier in self.tiers)
        if percent and not any(tier.hours_before == 0 for tier in tiers):
            tiers += (Tier(0, percent),)
        return RefundPolicy(tiers, self.clinic_cancels_percent)

    def percent(self, ahead: timedelta, *, by_patient: bool) -> int:
        """How many hundredths of the price go back when cancelled `ahead` of the start."""
        if not by_patient:
            return self.clinic_cancels_percent
        reached = (tier.percent for tier in self.tiers if ahead >= timedelta(hours=tier.hours_before))
        return max(reached, default=0)
