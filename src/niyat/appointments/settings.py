"""What a clinic may set about its appointments: `NIYAT_APPOINTMENTS_…`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from niyat.appointments.domain import HOLD
from niyat.appointments.refund_policy import RefundPolicy, Tier
from niyat.appointments.video_settings import VideoSettings

Hours = Annotated[int, Field(ge=0, le=8760)]
Percent = Annotated[int, Field(ge=0, le=100)]


class AppointmentsSettings(VideoSettings):
    """The refund policy holds for new bookings; each keeps the one under which it was made."""

    model_config = SettingsConfigDict(env_prefix="NIYAT_APPOINTMENTS_", extra="ignore", populate_by_name=True)

    hold_seconds: int = Field(
        default=int(HOLD.total_seconds()), ge=30, le=3600, description="How long an unpaid slot is held"
    )
    offer_seconds: int = Field(
        default=1800, ge=60, le=86400, description="How long freed time is kept for whoever is first in line"
    )
    days_ahead: int = Field(default=30, ge=1, le=366, description="How far ahead slots are made")
    doctors_per_batch: int = Field(
        default=200, ge=1, le=1000, description="Doctors planned in one transaction"
    )
    check_in_opens_minutes: int = Field(
        default=60, ge=0, le=1440, description="How long before a visit its patient can check in"
    )
    refund_tiers: dict[Hours, Percent] = Field(
        default={tier.hours_before: tier.percent for tier in RefundPolicy().tiers},
        description="Hours before the start → percent of the price that goes back when the patient cancels",
    )

    @property
    def policy(self) -> RefundPolicy:
        """The policy for new bookings."""
        tiers = sorted(self.refund_tiers.items(), reverse=True)
        return RefundPolicy(tuple(Tier(hours, percent) for hours, percent in tiers))
