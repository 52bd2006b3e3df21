"""What the patient's templates show: plain values, made by routes from what services answer.

Instants are aware datetimes, money is `Money`; templates format both for the viewer. Text that people wrote
(names, places, reasons) is shown as it came; labels of codes are the templates' business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from niyat.kernel.money import Money

Mode = Literal["VIDEO", "AUDIO", "IN_PERSON"]
Status = Literal["reserved", "pending-payment", "confirmed", "completed", "cancelled", "expired", "no-show"]
PaymentStatus = Literal["pending", "authorized", "captured", "failed", "partially-refunded", "refunded"]

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
    """A doctor as a card shows one. `languages` are ISO codes; `zone` is the clinic's."""

    id: str
    name: str
    specialty: str
    languages: tuple[str, ...]
    modes: tuple[Mode, ...]
    fee: Money
    zone: str
    clinic: str
    place: str = ""
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
    id: str
    starts_at: datetime


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
class DoctorProfile:
    doctor: Doctor
    bio: str
    registration_number: str
    slot_minutes: int
    tiers: tuple[Tier, ...]
    booking: DoctorBookingForm


@dataclass(frozen=True, kw_only=True)
class Payment:
    """What an appointment's payment came to. `method` as the gateway reports it (`upi`, `card`, …)."""

    id: str
    status: PaymentStatus
    amount: Money
    method: str = ""
    reference: str = ""
    paid_at: datetime | None = None
    refunded: Money | None = None
    receipt: str | None = None


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """`hold_ends_at` while a hold runs; `securing` once money was seen: no countdown, nobody pays again."""

    id: str
    status: Status
    doctor: Doctor
    starts_at: datetime
    ends_at: datetime
    mode: Mode
    price: Money
    hold_ends_at: datetime | None = None
    hold_seconds: int = 300
    securing: bool = False
    payment: Payment | None = None
    join_url: str | None = None
    calendar_url: str | None = None
    can_cancel: bool = False
    can_move: bool = False
    owed_back: Money | None = None
    cancelled_by: Literal["", "patient", "clinic"] = ""
    rev: int = 0

    @property
    def due(self) -> bool:
        """Whether the patient still has something to do before the hold ends."""
        return self.status in ("reserved", "pending-payment") and not self.securing


@dataclass(frozen=True, kw_only=True)
class HostedCheckout:
    """The gateway's hosted page, for browsers without JavaScript: a form post with these fields."""

    action: str
    fields: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class GatewayCheckout:
    """What the gateway's script is opened with, as data attributes; it is loaded when someone pays."""

    script: str
    key_id: str
    order_id: str
    callback_url: str


CheckoutState = Literal["ready", "failed", "dismissed", "confirming", "lapsed", "not-charged", "refunding"]


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """One page in all its states. `problem` is the bank's sentence after a failure, `others` are free times.

    ready, failed, dismissed: may pay while the hold lasts · confirming: money seen, wait · lapsed: the hold
    ran out unpaid · not-charged, refunding: the time went to someone else before the money came. `closed`
    is kept in the address of the page, so that asking again still knows of it.
    """

    appointment: Appointment
    state: CheckoutState
    gateway: GatewayCheckout | None = None
    hosted: HostedCheckout | None = None
    problem: str = ""
    others: tuple[Slot, ...] = ()
    paid_path: str = ""
    closed: bool = False

    @property
    def payable(self) -> bool:
        return self.state in ("ready", "failed", "dismissed")


@dataclass(frozen=True, kw_only=True)
class AppointmentsList:
    upcoming: tuple[Appointment, ...] = ()
    past: tuple[Appointment, ...] = ()
    more: str | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of an appointment's story. `what` is a code of `patient/story.html`."""

    at: datetime
    what: str
    amount: Money | None = None


@dataclass(frozen=True, kw_only=True)
class AppointmentDetail:
    appointment: Appointment
    reason: str = ""
    story: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cancellation:
    """What cancelling now would give back. `quote` is sent along: nobody agrees to an amount unseen."""

    appointment: Appointment
    refund: Money
    percent: int
    tiers: tuple[Tier, ...]
    less_after: datetime | None = None
    quote: str = ""
    idempotency_key: str = ""
    errors: Errors = field(default_factory=dict)
