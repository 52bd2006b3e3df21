"""An appointment, its payment, and what becomes of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from niyat.gateway.web.patient.views.finding import Doctor, DoctorBookingForm, Errors, Mode, Slot, Tier
from niyat.kernel.money import Money

Status = Literal["reserved", "pending-payment", "confirmed", "completed", "cancelled", "expired", "no-show"]
PaymentStatus = Literal["pending", "authorized", "captured", "failed", "partially-refunded", "refunded"]


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
    """`hold_ends_at` while a hold runs; `securing` once money was seen: no countdown, nobody pays again.

    `visitor` is the name of who comes in the patient's stead. `join_url` while its video room is open,
    `join_opens_at` before that.
    """

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
    join_opens_at: datetime | None = None
    calendar_url: str | None = None
    can_cancel: bool = False
    can_move: bool = False
    visitor: str = ""
    owed_back: Money | None = None
    cancelled_by: Literal["", "patient", "clinic"] = ""

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


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A way to pay that the gateway has trouble with now: `method`, and which of them where it is not all."""

    method: str
    which: tuple[str, ...] = ()


CheckoutState = Literal["ready", "failed", "dismissed", "confirming", "lapsed", "not-charged", "refunding"]


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """One page in all its states. After a failure `problem` says why, or else `bank_says`, as the bank wrote it;
    `others` are free times.

    ready, failed, dismissed: may pay while the hold lasts · confirming: money seen, wait · lapsed: the hold
    ran out unpaid · not-charged, refunding: the time went to someone else before the money came. `closed`
    is kept in the address of the page, so that asking again still knows of it. `troubles`: ways to pay that may fail.
    """

    appointment: Appointment
    state: CheckoutState
    gateway: GatewayCheckout | None = None
    hosted: HostedCheckout | None = None
    problem: str = ""
    bank_says: str = ""
    others: tuple[Slot, ...] = ()
    paid_path: str = ""
    closed: bool = False
    troubles: tuple[Trouble, ...] = ()

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
    """`problem`: what one wished just now and cannot have, as a sentence."""

    appointment: Appointment
    reason: str = ""
    story: tuple[Step, ...] = ()
    problem: str = ""


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


@dataclass(frozen=True, kw_only=True)
class DoctorProfile:
    """`held`: the time with this doctor that the viewer holds and has not paid yet."""

    doctor: Doctor
    bio: str
    registration_number: str
    tiers: tuple[Tier, ...]
    booking: DoctorBookingForm
    held: Appointment | None = None


@dataclass(frozen=True, kw_only=True)
class CalendarFeed:
    """One's visits for a calendar to subscribe to. `address` is the private one, in the answer that made it alone."""

    made_at: datetime | None = None
    read_at: datetime | None = None
    address: str = ""
