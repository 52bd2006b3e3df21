"""The rules of a booking: its states, what a payment finds, what goes back on cancellation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeAlias
from uuid import UUID

from niyat.appointments.errors import (
    AlreadyPaid,
    AlreadyStarted,
    AppointmentCancelled,
    AppointmentNotFound,
    CheckInNotOpen,
    DearerTime,
    HoldLapsed,
    IllegalMove,
    NoPaymentNeeded,
    NotStarted,
    ReasonContradicts,
)
from niyat.appointments.refund_policy import RefundPolicy
from niyat.kernel.errors import Forbidden, NiyatError
from niyat.kernel.money import Money

HOLD = timedelta(minutes=5)


class ConsultationType(StrEnum):
    """How patient and doctor meet."""

    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    IN_PERSON = "IN_PERSON"


class Relationship(StrEnum):
    """What somebody for whom a patient books is to the patient."""

    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    SIBLING = "sibling"
    GRANDPARENT = "grandparent"
    GRANDCHILD = "grandchild"
    OTHER = "other"


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

BOOKED = frozenset({S.CONFIRMED, S.COMPLETED, S.NO_SHOW})
"""The visit was confirmed, and not taken back: whatever it cost is paid."""

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


def slot_status(status: AppointmentStatus) -> SlotStatus | None:
    """What an appointment in `status` makes of its slot; None when it gives it back."""
    if status in (S.RESERVED, S.PENDING_PAYMENT):
        return SlotStatus.HELD
    if status in BOOKED:
        return SlotStatus.BOOKED
    return None


class Secured(StrEnum):
    """What becomes of a payment's wish for the slot."""

    SECURED = "secured"
    BUSY = "busy"
    MISMATCH = "mismatch"
    GONE = "gone"
    CANCELLED = "cancelled"
    ALREADY_PAID = "already-paid"


class Captured(StrEnum):
    """What a captured payment finds."""

    CONFIRMED = "confirmed"
    GONE = "gone"
    CANCELLED = "cancelled"
    ALREADY_PAID = "already-paid"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class CapturedOutcome:
    """And how much of what was captured has to go back."""

    outcome: Captured
    amount_owed_back: int


class Person(Protocol):
    """Somebody signed in."""

    @property
    def account_id(self) -> UUID: ...

    def has(self, role: str) -> bool: ...


Party: TypeAlias = Literal["patient", "doctor"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, as the history keeps it."""

    role: str
    account_id: UUID | None = None


SYSTEM = Actor("system")
PAYMENTS = Actor("service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """An appointment, and the database's time when it was read."""

    id: UUID
    doctor_id: UUID
    doctor_account_id: UUID
    patient_id: UUID
    slot_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    busy_from: datetime
    busy_until: datetime
    time_zone: str
    consultation_type: str
    place_id: UUID | None
    status: AppointmentStatus
    hold_expires_at: datetime
    secured_by: UUID | None
    secured_at: datetime | None
    quoted_amount: int
    price_amount: int
    forfeited_amount: int
    currency: str
    policy: dict[str, Any]
    payment: dict[str, Any] | None
    revision: int
    sequence: int
    cancelled_by: str | None
    cancel_reason_code: str | None
    amount_owed_back: int | None
    no_show_party: str | None
    checked_in_at: datetime | None
    expected_at: datetime | None
    waitlist_entry_id: UUID | None
    now: datetime

    @property
    def quoted(self) -> Money:
        """What it cost when it was booked: a payment for it is of this amount."""
        return Money(self.quoted_amount, self.currency)

    @property
    def price(self) -> Money:
        """What it costs now: less than was quoted once it moved to a cheaper time."""
        return Money(self.price_amount, self.currency)

    @property
    def price_of_its_time(self) -> Money:
        """The price without what the patient forfeited: that goes back only if staff call the visit off."""
        return Money(self.price_amount - self.forfeited_amount, self.currency)

    @property
    def has_started(self) -> bool:
        """Whether the visit's time has come."""
        return self.now >= self.starts_at

    @property
    def hold_is_on(self) -> bool:
        return self.hold_expires_at > self.now

    @property
    def facts(self) -> dict[str, Any]:
        """What every event about it says."""
        return {
            "occurred_at": self.now,
            "appointment_id": self.id,
            "doctor_id": self.doctor_id,
            "patient_id": self.patient_id,
            "revision": self.revision,
            "status": self.status.value,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "time_zone": self.time_zone,
            "consultation_type": self.consultation_type,
        }

    def actor(self, who: Person) -> Actor:
        """What `who` is to this appointment: its patient first, its doctor, an admin.

        Raises AppointmentNotFound for a stranger.
        """
        if who.account_id == self.patient_id and who.has("patient"):
            return Actor("patient", who.account_id)
        if who.account_id == self.doctor_account_id and who.has("doctor"):
            return Actor("doctor", who.account_id)
        if who.has("admin"):
            return Actor("admin", who.account_id)
        raise AppointmentNotFound

    def staff(self, who: Person) -> Actor:
        """The same, for what its patient may not do. Raises AppointmentNotFound, Forbidden."""
        by = self.actor(who)
        if by.role == "patient":
            raise Forbidden
        return by


def refuse_unless_begun(appointment: Appointment) -> None:
    """Only what was to take place has an outcome, and only once its time has come. Raises IllegalMove, NotStarted."""
    if appointment.status is not S.CONFIRMED:
        raise IllegalMove
    if not appointment.has_started:
        raise NotStarted


PATIENT_ABSENT = "patient-absent"
DOCTOR_ABSENT = "doctor-absent"
VIDEO_FAILED = "video-failed"
NO_SHOW_REASONS: dict[str, Party] = {
    PATIENT_ABSENT: "patient",
    DOCTOR_ABSENT: "doctor",
    VIDEO_FAILED: "doctor",
}
"""Why a visit did not take place although its time came, and on whose side that lies."""


def no_show_reason(party: Party, reason_code: str | None) -> str:
    """The code given, else what it means that `party` did not come. Raises ReasonContradicts."""
    if NO_SHOW_REASONS.get(reason_code or "", party) != party:
        raise ReasonContradicts
    return reason_code or (PATIENT_ABSENT if party == "patient" else DOCTOR_ABSENT)


def refuse_check_in(appointment: Appointment, *, by_patient: bool, opens: timedelta) -> None:
    """Only to what is to take place; the patient's own from `opens` before it until it ends.

    Raises AppointmentCancelled, HoldLapsed (expired), IllegalMove, CheckInNotOpen.
    """
    refuse_unless_confirmed(appointment)
    from_at = appointment.starts_at - opens
    if by_patient and not from_at <= appointment.now < appointment.ends_at:
        raise CheckInNotOpen(opens_at=from_at.isoformat(), closes_at=appointment.ends_at.isoformat())


def refuse_unless_confirmed(appointment: Appointment) -> None:
    """Raises AppointmentCancelled, HoldLapsed (expired), IllegalMove."""
    if appointment.status is S.CANCELLED:
        raise AppointmentCancelled
    if appointment.status is S.EXPIRED:
        raise HoldLapsed
    if appointment.status is not S.CONFIRMED:
        raise IllegalMove


def payment_refusal(appointment: Appointment) -> NiyatError | None:
    """Why no payment may begin for it; None when one may."""
    if appointment.status is S.CANCELLED:
        return AppointmentCancelled()
    if not appointment.quoted_amount:
        return NoPaymentNeeded()
    if appointment.status in BOOKED or appointment.secured_by:
        return AlreadyPaid()
    if appointment.status is S.EXPIRED or not appointment.hold_is_on:
        return HoldLapsed()
    return None


def secured(appointment: Appointment, payment_id: UUID, paid: Money) -> Secured | None:
    """What an authorised payment's wish for the slot comes to; None when the slot may be tried for."""
    status = appointment.status
    if status is S.CANCELLED:
        return Secured.CANCELLED
    if appointment.secured_by == payment_id:
        return Secured.SECURED
    if paid != appointment.quoted:
        return Secured.MISMATCH
    if appointment.secured_by is not None:
        return Secured.BUSY if status is S.PENDING_PAYMENT else Secured.ALREADY_PAID
    if status is S.EXPIRED and appointment.has_started:
        return Secured.GONE
    return None


def captured(appointment: Appointment, payment_id: UUID, paid: Money) -> CapturedOutcome:
    """What the captured payment finds, and what of it is owed back."""
    everything = paid.amount
    if appointment.status is S.CANCELLED:
        paid_for_it = appointment.secured_by == payment_id and paid == appointment.quoted
        moved = appointment.quoted_amount - appointment.price_amount
        owed = moved + (appointment.amount_owed_back or 0) if paid_for_it else everything
        return CapturedOutcome(Captured.CANCELLED, owed)
    if paid != appointment.quoted:
        return CapturedOutcome(Captured.MISMATCH, everything)
    if appointment.secured_by == payment_id:
        return CapturedOutcome(Captured.CONFIRMED, 0)
    if appointment.secured_by is not None:
        return CapturedOutcome(Captured.ALREADY_PAID, everything)
    return CapturedOutcome(Captured.GONE, everything)


def what_goes_back(appointment: Appointment, role: str) -> Money:
    """What `role` would give back to the patient by cancelling now.

    Raises AppointmentCancelled, HoldLapsed (expired), IllegalMove, AlreadyStarted.
    """
    if appointment.status is S.CANCELLED:
        raise AppointmentCancelled
    if appointment.status is S.EXPIRED:
        raise HoldLapsed
    if appointment.status not in LIVE:
        raise IllegalMove
    by_patient = role == "patient"
    if by_patient and appointment.status is S.CONFIRMED and appointment.has_started:
        raise AlreadyStarted
    return owed_back(
        appointment.price_of_its_time
        if by_patient and appointment.status is S.CONFIRMED
        else appointment.price,
        RefundPolicy.from_json(appointment.policy),
        appointment.status,
        ahead=appointment.starts_at - appointment.now,
        by_patient=by_patient,
    )


def owed_back(
    price: Money, policy: RefundPolicy, status: AppointmentStatus, *, ahead: timedelta, by_patient: bool
) -> Money:
    """What of the price the patient gets back on a cancellation now, should any money have come.

    A booking that was never confirmed gives all of it back.
    """
    if status is not S.CONFIRMED:
        return price
    return price.percent(policy.percent(ahead, by_patient=by_patient))


def refuse_unless_movable(appointment: Appointment) -> None:
    """Only what is to take place moves, and only before its time. Raises the same, and AlreadyStarted."""
    refuse_unless_confirmed(appointment)
    if appointment.has_started:
        raise AlreadyStarted


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTime:
    """Where a visit moves to: a slot that is taken for it, how they will meet there, and what that costs."""

    slot_id: UUID
    starts_at: datetime
    ends_at: datetime
    busy_from: datetime
    busy_until: datetime
    time_zone: str
    consultation_type: str
    place_id: UUID | None
    price: Money


def moved(appointment: Appointment, to: NewTime, *, by_patient: bool) -> Appointment:
    """The visit at its new time. Its price never rises: a patient is refused, staff keep the old one.

    A patient who moves when a cancellation would not give everything back does not win it back by moving: of what
    the new time costs less, the part that a cancellation would give goes back, the rest is forfeited, and the terms
    give at most that part later on. A patient whom staff move, perhaps to a nearer time, loses nothing by it: the
    terms give at least what they would have given then. Raises DearerTime, which says by how much.
    """
    dearer = to.price.amount - appointment.price_of_its_time.amount
    if dearer > 0 and by_patient:
        raise DearerTime(amount=dearer, currency=to.price.currency)
    policy = RefundPolicy.from_json(appointment.policy)
    percent = policy.percent(appointment.starts_at - appointment.now, by_patient=True)
    less = Money(max(0, -dearer), appointment.currency)
    back = less.percent(percent) if by_patient else less
    return replace(
        appointment,
        slot_id=to.slot_id,
        starts_at=to.starts_at,
        ends_at=to.ends_at,
        busy_from=to.busy_from,
        busy_until=to.busy_until,
        time_zone=to.time_zone,
        consultation_type=to.consultation_type,
        place_id=to.place_id,
        price_amount=appointment.price_amount - back.amount,
        forfeited_amount=appointment.forfeited_amount + (less - back).amount,
        policy=(policy.at_most(percent) if by_patient else policy.at_least(percent)).as_json(),
        revision=appointment.revision + 1,
        checked_in_at=None,
        expected_at=None,
    )
