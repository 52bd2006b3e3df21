"""What becomes of visits and their slots: every command's refusal and effect, foretold in Python from the rules in
words. Refusals are problem codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from tests.integration.appointments.model_schedule import Schedule, Span, overlap

HELD = ("reserved", "pending-payment")
LIVE = (*HELD, "confirmed")
HAVE_SLOT = (*LIVE, "completed", "no-show")


@dataclass
class Visit:
    """An appointment. `slot` is None once its slot was dropped; `cap`: what a patient's move left to be won back;
    `floor`: what the clinic's move did not take away; `forfeited`: what of the price late moves did not give back.
    """

    id: UUID
    doctor: Schedule
    patient: UUID
    span: Span
    busy: Span
    kind: str
    price: int
    quoted: int
    hold_until: datetime
    slot: Span | None
    status: str = "reserved"
    path: list[str] = field(default_factory=lambda: ["reserved"])
    secured_by: UUID | None = None
    secured_as: int = 0
    released_below: int = 0
    revision: int = 0
    cap: int = 100
    floor: int = 0
    forfeited: int = 0
    owed_back: int | None = None

    @property
    def live(self) -> bool:
        return self.status in LIVE

    def become(self, status: str) -> None:
        self.status = status
        self.path.append(status)


@dataclass
class Clinic:
    """All doctors and all visits, at `now`."""

    now: datetime
    days_ahead: int
    doctors: list[Schedule] = field(default_factory=list)
    visits: dict[UUID, Visit] = field(default_factory=dict)

    def slot_status(self, doctor: Schedule, span: Span) -> str:
        for visit in self.of(doctor):
            if visit.slot == span and visit.status in HAVE_SLOT:
                return "held" if visit.status in HELD else "booked"
        return doctor.slots[span].planned_as

    def of(self, doctor: Schedule) -> list[Visit]:
        return [visit for visit in self.visits.values() if visit.doctor.id == doctor.id]

    def replan(self, doctor: Schedule) -> None:
        taken = {visit.slot for visit in self.of(doctor) if visit.slot and visit.status in HAVE_SLOT}
        dropped = doctor.replan(self.now, self.days_ahead, taken)
        for visit in self.of(doctor):
            if visit.slot in dropped:
                visit.slot = None

    def in_use(self, doctor: Schedule, busy: Span, *, but: Visit | None = None) -> bool:
        """Whether a live or completed visit has some of that time."""
        return any(
            overlap(visit.busy, busy)
            for visit in self.of(doctor)
            if (visit.live or visit.status == "completed") and visit is not but
        )

    def why_not_reserve(self, doctor: Schedule, span: Span, kind: str) -> str | None:
        if span not in doctor.slots:
            return "slot-not-found"
        status = self.slot_status(doctor, span)
        if status != "available":
            return "slot-blocked" if status == "blocked" else "slot-taken"
        if not doctor.offers(span, kind):
            return "consultation-type-not-offered"
        if reason := doctor.too_soon_or_far(span, kind, self.now):
            return reason
        return "slot-taken" if self.in_use(doctor, doctor.offer[kind].busy(span)) else None

    def bookable(self, doctor: Schedule) -> dict[Span, tuple[str, ...]]:
        """What the listing must show."""
        kinds = {
            span: tuple(kind for kind in sorted(doctor.offer) if not self.why_not_reserve(doctor, span, kind))
            for span in doctor.slots
        }
        return {span: those for span, those in kinds.items() if those}

    def reserved(
        self, visit_id: UUID, doctor: Schedule, span: Span, kind: str, patient: UUID, minutes: int = 5
    ) -> Visit:
        terms = doctor.offer[kind]
        until = self.now + timedelta(minutes=minutes)
        visit = Visit(
            visit_id, doctor, patient, span, terms.busy(span), kind, terms.fee, terms.fee, until, span
        )
        self.visits[visit_id] = visit
        return visit

    def why_not_pay(self, visit: Visit) -> str | None:
        if visit.status == "cancelled":
            return "appointment-cancelled"
        if not visit.quoted:
            return "no-payment-needed"
        if visit.secured_by or visit.status not in (*HELD, "expired"):
            return "already-paid"
        return "hold-lapsed" if visit.status == "expired" or visit.hold_until <= self.now else None

    def secure(self, visit: Visit, payment: UUID, paid: int, number: int) -> str:
        """The outcome, and its effect."""
        if number < visit.released_below:
            return "busy"
        if visit.status == "cancelled":
            return "cancelled"
        if visit.secured_by == payment:
            visit.secured_as = max(visit.secured_as, number)
            return "secured"
        if paid != visit.quoted:
            return "mismatch"
        if visit.secured_by:
            return "busy" if visit.status == "pending-payment" else "already-paid"
        if visit.status == "expired" and (visit.span[0] <= self.now or not self._can_have_it_again(visit)):
            return "gone"
        if visit.status != "pending-payment":
            visit.become("pending-payment")
        visit.secured_by, visit.secured_as = payment, number
        return "secured"

    def _can_have_it_again(self, visit: Visit) -> bool:
        return (
            visit.slot is not None
            and self.slot_status(visit.doctor, visit.slot) == "available"
            and visit.kind in visit.doctor.slots[visit.slot].kinds
            and not self.in_use(visit.doctor, visit.busy)
        )

    def release(self, visit: Visit, payment: UUID, number: int) -> None:
        visit.released_below = max(visit.released_below, number + 1)
        if number < visit.secured_as or visit.status != "pending-payment" or visit.secured_by != payment:
            return
        visit.secured_by = None
        if visit.hold_until <= self.now:
            visit.become("expired")

    def capture(self, visit: Visit, payment: UUID, paid: int) -> tuple[str, int]:
        """The outcome, what goes back, and its effect."""
        own = visit.secured_by == payment
        if visit.status == "cancelled":
            kept = visit.price - (visit.owed_back or 0) if own and paid == visit.quoted else 0
            return "cancelled", paid - kept
        if paid != visit.quoted:
            return "mismatch", paid
        if not own:
            return ("already-paid" if visit.secured_by else "gone"), paid
        if visit.status == "pending-payment":
            visit.become("confirmed")
        return "confirmed", 0

    def why_not_confirm(self, visit: Visit) -> str | None:
        if visit.status == "cancelled":
            return "appointment-cancelled"
        if visit.status in ("completed", "no-show"):
            return "illegal-move"
        if visit.status == "expired" or visit.hold_until <= self.now:
            return "hold-lapsed"
        return "payment-required" if visit.price else None

    def why_not_cancel(self, visit: Visit, role: str) -> str | None:
        if reason := _is_over(visit):
            return reason
        begun = visit.status == "confirmed" and visit.span[0] <= self.now
        return "already-started" if begun and role == "patient" else None

    def cancel(self, visit: Visit, role: str) -> None:
        visit.owed_back = visit.price
        if visit.status == "confirmed" and role == "patient":
            visit.owed_back = _part(visit.price - visit.forfeited, self._percent(visit))
        visit.become("cancelled")

    def _percent(self, visit: Visit) -> int:
        ahead = visit.span[0] - self.now
        reached = 100 if ahead >= timedelta(hours=24) else 50 if ahead >= timedelta(hours=4) else 0
        return max(visit.floor, min(visit.cap, reached))

    def why_not_move(self, visit: Visit, span: Span, kind: str, role: str) -> str | None:
        """Refused to another doctor's slot before this is asked."""
        doctor, patient = visit.doctor, role == "patient"
        if span not in doctor.slots:
            return "slot-not-found"
        status = self.slot_status(doctor, span)
        if span != visit.slot and status != "available":
            return "slot-blocked" if status == "blocked" else "slot-taken"
        if span[0] <= self.now:
            return "notice-too-short"
        if patient and (reason := doctor.too_soon_or_far(span, kind, self.now)):
            return reason
        if not doctor.offers(span, kind):
            return "consultation-type-not-offered"
        if self.in_use(doctor, doctor.offer[kind].busy(span), but=visit):
            return "slot-taken"
        return "dearer-time" if patient and doctor.offer[kind].fee > visit.price - visit.forfeited else None

    def why_not_movable(self, visit: Visit) -> str | None:
        if visit.status in ("cancelled", "expired"):
            return _is_over(visit)
        if visit.status != "confirmed":
            return "illegal-move"
        return "already-started" if visit.span[0] <= self.now else None

    def move(self, visit: Visit, span: Span, kind: str, role: str) -> None:
        terms = visit.doctor.offer[kind]
        percent = self._percent(visit)
        less = back = max(0, visit.price - visit.forfeited - terms.fee)
        if role == "patient":
            visit.cap, back = percent, _part(less, percent)
        else:
            visit.floor = percent
        visit.price, visit.forfeited = visit.price - back, visit.forfeited + less - back
        visit.span = visit.slot = span
        visit.busy, visit.kind = terms.busy(span), kind
        visit.revision += 1
        visit.become("confirmed")

    def why_not_over(self, visit: Visit) -> str | None:
        if visit.status != "confirmed":
            return "illegal-move"
        return "not-started" if visit.span[0] > self.now else None

    def expire(self) -> None:
        for visit in self.visits.values():
            if visit.status in HELD and not visit.secured_by and visit.hold_until <= self.now:
                visit.become("expired")

    def hit_by_block(self, doctor: Schedule, block: Span) -> list[Visit]:
        return [visit for visit in self._to_come(doctor) if overlap(visit.span, block)]

    def hit_by_hours(self, doctor: Schedule, days: Sequence[object]) -> list[Visit]:
        return [
            visit
            for visit in self._to_come(doctor)
            if doctor.local(visit.span[0]).date() in days and not doctor.covers(visit.span, visit.kind)
        ]

    def _to_come(self, doctor: Schedule) -> list[Visit]:
        return [visit for visit in self.of(doctor) if visit.live and visit.span[1] > self.now]


def _part(amount: int, percent: int) -> int:
    """Rounded half up."""
    return (amount * percent + 50) // 100


def _is_over(visit: Visit) -> str | None:
    """Why a visit that is no longer live cannot be changed."""
    return {
        "cancelled": "appointment-cancelled",
        "expired": "hold-lapsed",
        "completed": "illegal-move",
        "no-show": "illegal-move",
    }.get(visit.status)
