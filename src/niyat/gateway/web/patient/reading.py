"""From what services answer to what the patient's templates show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from niyat.gateway.web.patient import views as v
from niyat.kernel.money import Money

Json = Mapping[str, Any]

MODES = ("VIDEO", "AUDIO", "IN_PERSON")
LIVE = ("reserved", "pending-payment", "confirmed")
MOVES = {
    "reserved": "reserved",
    "confirmed": "confirmed",
    "completed": "completed",
    "cancelled": "cancelled",
    "expired": "expired",
    "no-show": "no-show",
}
STEPS = {
    "PAYMENT_INITIATED": "payment-started",
    "PAYMENT_FAILED": "payment-failed",
    "PAYMENT_AUTHORIZED": "payment-seen",
    "REFUND_INITIATED": "refund-started",
    "REFUND_COMPLETED": "refunded",
}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def maybe_instant(text: str | None) -> datetime | None:
    return instant(text) if text else None


def doctor(found: Json) -> v.Doctor:
    return v.Doctor(
        id=found["doctor_id"],
        name=found["name"],
        specialty=found["specialty"],
        languages=tuple(found["languages"]),
        offers=tuple(
            v.Offer(
                mode=one["consultation_type"],
                fee=Money(one["fee_amount"], found["currency"]),
                minutes=one["slot_minutes"],
            )
            for one in sorted(found["consultations"], key=lambda one: MODES.index(one["consultation_type"]))
        ),
        fee=Money(found["fee_amount"], found["currency"]),
        zone=found["time_zone"],
        clinic=found["clinic_name"],
        place=found["place"],
        next_free_at=maybe_instant(found["first_free_at"]),
    )


def _doctor_of(visit: Json) -> v.Doctor:
    """As the appointment has it."""
    return v.Doctor(
        id=visit["doctor_id"],
        name=visit["doctor_name"],
        specialty=visit["specialty"],
        languages=(),
        offers=(),
        fee=Money(visit["amount"], visit["currency"]),
        zone=visit["time_zone"],
        clinic=visit["clinic_name"],
        place=visit["place"],
    )


def _payment(visit: Json) -> v.Payment | None:
    paid = visit["payment"]
    if paid is None:
        return None
    completed = [fact for fact in paid["history"] if fact["event"] == "PAYMENT_COMPLETED"]
    kept = next((fact for fact in completed if fact["payment_id"] == paid["payment_id"]), None)
    refunded = paid["refunded_amount"]
    return v.Payment(
        id=paid["payment_id"],
        status=paid["status"],
        amount=Money(paid["amount"], paid["currency"]),
        method=paid["method"] or "",
        reference=kept.get("gateway_payment_id", "") if kept else "",
        paid_at=instant(kept["at"]) if kept else None,
        refunded=Money(refunded, paid["currency"]) if refunded else None,
        receipt=f"/my/appointments/{visit['appointment_id']}/receipt.pdf" if kept else None,
    )


def appointment(
    visit: Json,
    *,
    now: datetime,
    hold_seconds: int = 300,
    securing: bool = False,
    room_open: tuple[timedelta, timedelta] | None = None,
) -> v.Appointment:
    """`securing`: payments has seen money. `room_open`: how long before and after a visit its video room is open."""
    payment = _payment(visit)
    seen = visit["secured"] or securing or (payment is not None and payment.status == "authorized")
    starts_at, live = instant(visit["starts_at"]), visit["status"] in LIVE
    by = visit["cancelled_by"]
    owed = visit["amount_owed_back"]
    address = f"/my/appointments/{visit['appointment_id']}"
    confirmed = visit["status"] == "confirmed"
    opens_at = closes_at = None
    if confirmed and visit["consultation_type"] == "VIDEO" and room_open:
        opens_at, closes_at = starts_at - room_open[0], instant(visit["ends_at"]) + room_open[1]
    return v.Appointment(
        id=visit["appointment_id"],
        status=visit["status"],
        doctor=_doctor_of(visit),
        starts_at=starts_at,
        ends_at=instant(visit["ends_at"]),
        mode=visit["consultation_type"],
        price=Money(visit["amount"], visit["currency"]),
        hold_ends_at=instant(visit["hold_expires_at"]),
        hold_seconds=hold_seconds,
        securing=seen and visit["status"] in ("reserved", "pending-payment"),
        payment=payment,
        can_cancel=live and starts_at > now,
        can_move=confirmed and starts_at > now,
        calendar_url=f"{address}/calendar.ics" if confirmed else None,
        join_url=f"{address}/join" if opens_at and closes_at and opens_at <= now < closes_at else None,
        join_opens_at=opens_at if opens_at and now < opens_at else None,
        visitor=visit["visitor"]["name"] if visit["visitor"] else "",
        owed_back=Money(owed, visit["currency"]) if owed is not None and payment else None,
        cancelled_by="" if by is None else "patient" if by == "patient" else "clinic",
    )


def story(visit: Json) -> tuple[v.Step, ...]:
    """What happened so far, oldest first: to the time, by appointments; to the money, by payments."""
    currency, steps = visit["currency"], []
    for move in visit["history"]:
        if what := MOVES.get(move["to_status"]):
            what = "moved" if move["from_status"] == move["to_status"] else what
            steps.append(v.Step(at=instant(move["at"]), what=what))
    for fact in (visit["payment"] or {"history": ()})["history"]:
        if what := STEPS.get(fact["event"]):
            amount = Money(fact["amount"], currency) if "refund" in what else None
            steps.append(v.Step(at=instant(fact["at"]), what=what, amount=amount))
    return tuple(sorted(steps, key=lambda step: step.at))


def troubles(found: Sequence[Json]) -> tuple[v.Trouble, ...]:
    """Each way to pay once, with every bank, network or app of it that is named; none named: all of them."""
    named: dict[str, set[str] | None] = {}
    for one in found:
        which = {value for value in one["instrument"].values() if value != "ALL"}
        known = named.get(one["method"], set())
        named[one["method"]] = None if not which or known is None else known | which
    return tuple(
        v.Trouble(method=method, which=tuple(sorted(which or ()))) for method, which in named.items()
    )


def tiers(pairs: Iterable[tuple[int, int]]) -> tuple[v.Tier, ...]:
    """(hours before, percent back), the most hours first, down to the start of the visit."""
    known = tuple(v.Tier(hours=hours, percent=percent) for hours, percent in pairs)
    return known if known and known[-1].hours == 0 else (*known, v.Tier(hours=0, percent=0))


def tiers_of(visit: Json) -> tuple[v.Tier, ...]:
    """Those under which the visit was booked."""
    return tiers((tier["hours_before"], tier["percent"]) for tier in visit["policy"]["tiers"])


def less_after(kind: Sequence[v.Tier], starts_at: datetime, now: datetime) -> datetime | None:
    """Until when the refund of now holds; None when it cannot become less."""
    ahead = starts_at - now
    for tier in kind:
        if ahead >= timedelta(hours=tier.hours):
            return starts_at - timedelta(hours=tier.hours) if tier.hours else None
    return None


def percent_now(kind: Sequence[v.Tier], starts_at: datetime, now: datetime) -> int:
    """What a cancellation now gives back, per cent."""
    ahead = starts_at - now
    return next((tier.percent for tier in kind if ahead >= timedelta(hours=tier.hours)), 0)


def appointments(visits: Sequence[v.Appointment], now: datetime) -> v.AppointmentsList:
    """What is ahead, the next first; then what is over, the newest first."""
    ahead = [visit for visit in visits if visit.status in LIVE and (visit.ends_at > now or visit.join_url)]
    over = [visit for visit in visits if visit not in ahead]
    return v.AppointmentsList(
        upcoming=tuple(sorted(ahead, key=lambda visit: visit.starts_at)),
        past=tuple(sorted(over, key=lambda visit: visit.starts_at, reverse=True)),
    )
