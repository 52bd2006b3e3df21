"""Signing in, finding a doctor, choosing a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from niyat.kernel.money import Money

Mode = Literal["VIDEO", "AUDIO", "IN_PERSON"]

# What went wrong with a form: field name → sentence in the viewer's language.
Errors = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Step 1 asks for `contact`; step 2, when `sent_to` (masked) is set, for the code sent there."""

    contact: str = ""
    sent_to: str = ""
    challenge: str = ""
    next_path: str = "/"
    resend_after: datetime | None = None
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """A doctor as a card shows one. `languages` are ISO codes; `zone` is the clinic's; `fee` is the lowest."""

    id: str
    name: str
    specialty: str
    languages: tuple[str, ...]
    modes: tuple[Mode, ...]
    fee: Money
    zone: str
    clinic: str
    place: str = ""
    fee_varies: bool = False
    next_free_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Home:
    """The search as it was asked, the choices it offers, and who matches; `more` leads to the next page."""

    name: str = ""
    specialty: str = ""
    language: str = ""
    free: Literal["", "today", "tomorrow", "week"] = ""
    specialties: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    doctors: tuple[Doctor, ...] = ()
    total: int = 0
    more: str | None = None

    @property
    def searching(self) -> bool:
        return bool(self.name or self.specialty or self.language or self.free)


@dataclass(frozen=True, kw_only=True)
class Tier:
    """Cancelling at least `hours` before gives `percent` back."""

    hours: int
    percent: int


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A free time; `modes` are those in which it can be booked now."""

    id: str
    starts_at: datetime
    modes: tuple[Mode, ...]


@dataclass(frozen=True, kw_only=True)
class Day:
    """A calendar day of the viewer's zone with its free times."""

    date: date
    slots: tuple[Slot, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DoctorBookingForm:
    """The choice of day, time and mode. All days are on the page: changing the day loses nothing typed.

    The form posts `day` (ISO), `slot-<day>` for each day on which a time was touched, `mode`, `reason`,
    `idempotency_key`; only the time of the chosen day counts.
    """

    days: tuple[Day, ...]
    day: date | None = None
    slot: str = ""
    mode: Mode | Literal[""] = ""
    reason: str = ""
    idempotency_key: str = ""
    hold_minutes: int = 5
    earlier: str | None = None
    later: str | None = None
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What one way to meet costs, and how long it lasts."""

    mode: Mode
    fee: Money
    minutes: int


@dataclass(frozen=True, kw_only=True)
class DoctorProfile:
    """A doctor's page. Where the ways to meet differ in price, length or times, the way is chosen first."""

    doctor: Doctor
    bio: str
    registration_number: str
    offers: tuple[Offer, ...]
    tiers: tuple[Tier, ...]
    booking: DoctorBookingForm

    @property
    def minutes(self) -> tuple[int, ...]:
        """How long a visit lasts, the shortest first."""
        return tuple(sorted({offer.minutes for offer in self.offers}))

    @property
    def mode_first(self) -> bool:
        slots = (slot for day in self.booking.days for slot in day.slots)
        return (
            len(self.minutes) > 1
            or self.doctor.fee_varies
            or any(set(slot.modes) != set(self.doctor.modes) for slot in slots)
        )
