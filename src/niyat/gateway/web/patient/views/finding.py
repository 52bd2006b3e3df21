"""Signing in, finding a doctor, choosing a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, get_args

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
class Profile:
    """Who one is to the clinic. Whoever signs in by `phone` may enter an email; else `email` is what one signs in
    with, and stays. `next_path` is where one was going.
    """

    name: str = ""
    email: str = ""
    phone: str = ""
    signs_in_with: str = ""
    next_path: str = "/"
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One way to meet a doctor, what it costs and how long it is."""

    mode: Mode
    fee: Money
    minutes: int


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """A doctor as a card shows one. `languages` are ISO codes; `zone` is the clinic's; `fee` is the lowest."""

    id: str
    name: str
    specialty: str
    languages: tuple[str, ...]
    offers: tuple[Offer, ...]
    fee: Money
    zone: str
    clinic: str
    place: str = ""
    next_free_at: datetime | None = None

    @property
    def modes(self) -> tuple[Mode, ...]:
        return tuple(offer.mode for offer in self.offers)

    @property
    def costs(self) -> bool:
        """Whether any way to meet is to be paid."""
        return any(offer.fee.amount for offer in self.offers)

    @property
    def one_fee(self) -> bool:
        return len({offer.fee for offer in self.offers}) < 2


@dataclass(frozen=True, kw_only=True)
class Home:
    """The search as it was asked, the choices it offers, and a page of who matches, the first free first.

    `more` leads to the next page, `first` back to the first.
    """

    name: str = ""
    specialty: str = ""
    language: str = ""
    free: Literal["", "today", "tomorrow", "week"] = ""
    specialties: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    doctors: tuple[Doctor, ...] = ()
    more: str | None = None
    first: str | None = None

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
    """A free time, and how one can meet at it; `place` is named where it is not the doctor's usual one."""

    id: str
    starts_at: datetime
    modes: tuple[Mode, ...] = ("VIDEO", "AUDIO", "IN_PERSON")
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Day:
    """A calendar day of the viewer's zone with its free times."""

    date: date
    slots: tuple[Slot, ...] = ()

    def free(self, mode: Mode) -> int:
        """How many of its times are for that way to meet."""
        return sum(mode in slot.modes for slot in self.slots)


Relationship = Literal["spouse", "child", "parent", "sibling", "grandparent", "grandchild", "other"]
RELATIONSHIPS: tuple[Relationship, ...] = get_args(Relationship)


@dataclass(frozen=True, kw_only=True)
class FamilyMember:
    """Somebody for whom one books; `relationship`: what they are to the patient."""

    id: str
    name: str
    relationship: Relationship


@dataclass(frozen=True, kw_only=True)
class DoctorBookingForm:
    """The choice of day, time and mode. All days are on the page: changing the day loses nothing typed.

    The form posts `day` (ISO), `slot-<day>` for each day on which a time was touched, `mode`, `reason`,
    `idempotency_key`; only the time of the chosen day counts. `family` is None for whoever is not signed in; `visitor`
    is the id of who comes in the patient's stead. Pressing `add` posts `member_name` and `member_relationship`.
    """

    days: tuple[Day, ...]
    day: date | None = None
    slot: str = ""
    mode: Mode | Literal[""] = ""
    reason: str = ""
    family: tuple[FamilyMember, ...] | None = None
    visitor: str = ""
    member_name: str = ""
    member_relationship: str = ""
    idempotency_key: str = ""
    hold_minutes: int = 5
    earlier: str | None = None
    later: str | None = None
    errors: Errors = field(default_factory=dict)
