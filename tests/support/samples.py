"""A small believable clinic, its doctors and one patient's appointments, as the view-models of the pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from niyat.gateway.web.patient import views as v
from niyat.kernel.money import Money

NOW = datetime(2025, 11, 6, 4, 30, tzinfo=UTC)
ZONE = "Asia/Kolkata"
FEE = Money(80_000, "INR")
HOLD_ENDS = NOW + timedelta(minutes=3, seconds=12)


def _offers(modes: tuple[v.Mode, ...], *fees: int, minutes: int = 20) -> tuple[v.Offer, ...]:
    """The last fee is that of the rest."""
    return tuple(
        v.Offer(
            mode=mode,
            fee=Money(fees[min(place, len(fees) - 1)], "INR"),
            minutes=minutes + 10 * (mode == "IN_PERSON"),
        )
        for place, mode in enumerate(modes)
    )


MEERA = v.Doctor(
    id="d1",
    name="Dr. Meera Iyer",
    specialty="Dermatology",
    languages=("en", "hi", "ta"),
    offers=_offers(("VIDEO", "AUDIO", "IN_PERSON"), 80_000, 80_000, 1_00_000),
    fee=FEE,
    zone=ZONE,
    clinic="Niyat Clinic, Indiranagar",
    place="12 Lake View Road, Bengaluru",
    next_free_at=NOW + timedelta(hours=2),
)
DOCTORS = (
    MEERA,
    v.Doctor(
        id="d2",
        name="Dr. Arjun Singh",
        specialty="General medicine",
        languages=("hi", "pa", "en"),
        offers=_offers(("IN_PERSON",), 50_000),
        fee=Money(50_000, "INR"),
        zone=ZONE,
        clinic="Niyat Clinic, Karol Bagh",
        next_free_at=NOW + timedelta(days=1, hours=1),
    ),
    v.Doctor(
        id="d3",
        name="Dr. Kavya Nair",
        specialty="Paediatrics",
        languages=("en", "ml"),
        offers=_offers(("VIDEO", "IN_PERSON"), 0),
        fee=Money(0, "INR"),
        zone=ZONE,
        clinic="Niyat Clinic, Kochi",
        next_free_at=NOW + timedelta(days=3),
    ),
    v.Doctor(
        id="d4",
        name="डॉ. सुनीता शर्मा",
        specialty="Gynaecology and obstetrics",
        languages=("hi",),
        offers=_offers(("VIDEO",), 1_25_050),
        fee=Money(1_25_050, "INR"),
        zone=ZONE,
        clinic="Niyat Clinic, Jaipur",
    ),
    v.Doctor(
        id="d5",
        name="Dr. Venkatanarasimharajuvaripeta Ramachandran",
        specialty="Interventional cardiology",
        languages=("te", "en", "hi", "ta"),
        offers=_offers(("IN_PERSON",), 2_00_000),
        fee=Money(2_00_000, "INR"),
        zone=ZONE,
        clinic="Niyat Heart Centre, Hyderabad",
        next_free_at=NOW + timedelta(days=2),
    ),
)

TIERS = (v.Tier(hours=24, percent=100), v.Tier(hours=4, percent=50), v.Tier(hours=0, percent=0))


def _day(number: int) -> v.Day:
    day = date(2025, 11, 6) + timedelta(days=number)
    if number in (3, 10):
        return v.Day(date=day)
    start = datetime(day.year, day.month, day.day, 10, 30, tzinfo=ZoneInfo(ZONE))
    steps = (0, 20, 40, 60, 150, 170, 190, 210, 390, 410, 430, 450, 470)[number % 4 :]
    return v.Day(
        date=day,
        slots=tuple(
            v.Slot(
                id=f"s{number}-{m}",
                starts_at=(start + timedelta(minutes=m)).astimezone(UTC),
                modes=("VIDEO", "AUDIO") if m >= 390 else ("VIDEO", "AUDIO", "IN_PERSON"),
                place="Room 4, first floor" if m == 150 else "",
            )
            for m in steps
        ),
    )


DAYS = tuple(_day(number) for number in range(14))
BOOKING = v.DoctorBookingForm(
    days=DAYS,
    day=DAYS[1].date,
    slot="s1-40",
    mode="VIDEO",
    idempotency_key="k1",
    later="/doctors/d1?from=2025-11-20",
)
PROFILE = v.DoctorProfile(
    doctor=MEERA,
    registration_number="KMC 48213",
    tiers=TIERS,
    booking=BOOKING,
    bio="Skin, hair and nails for fifteen years, at St. John's and here. Takes time to explain.",
)

FAMILY = (
    v.FamilyMember(id="f1", name="Ravi Rao", relationship="child"),
    v.FamilyMember(id="f2", name="Lakshmi Venkatanarasimharajuvaripeta", relationship="grandparent"),
)
TWO_WAYS = replace(
    PROFILE,
    doctor=replace(
        MEERA,
        offers=(
            v.Offer(mode="IN_PERSON", fee=Money(1_20_000, "INR"), minutes=30),
            v.Offer(mode="VIDEO", fee=FEE, minutes=20),
        ),
    ),
    booking=replace(
        BOOKING,
        mode="IN_PERSON",
        slot="",
        days=tuple(
            replace(
                day,
                slots=tuple(
                    replace(slot, modes=(("IN_PERSON",), ("VIDEO",))[n % 2])
                    for n, slot in enumerate(day.slots)
                ),
            )
            for day in DAYS
        ),
    ),
)
VISIT = v.Appointment(
    id="a1",
    status="pending-payment",
    doctor=MEERA,
    starts_at=DAYS[1].slots[2].starts_at,
    ends_at=DAYS[1].slots[2].starts_at + timedelta(minutes=20),
    mode="VIDEO",
    price=FEE,
    hold_ends_at=HOLD_ENDS,
    can_cancel=True,
)
PAID = v.Payment(
    id="p1",
    status="captured",
    amount=FEE,
    method="upi",
    reference="pay_QnZ7yC4GzWc2kB",
    paid_at=NOW,
    receipt="/my/receipts/p1",
)
CONFIRMED = replace(
    VISIT,
    id="a2",
    status="confirmed",
    hold_ends_at=None,
    payment=PAID,
    can_move=True,
    calendar_url="/my/appointments/a2.ics",
    join_url="/my/appointments/a2/join",
)
IN_PERSON = replace(
    CONFIRMED,
    id="a3",
    mode="IN_PERSON",
    doctor=DOCTORS[1],
    starts_at=CONFIRMED.starts_at + timedelta(days=2),
    ends_at=CONFIRMED.ends_at + timedelta(days=2),
    join_url=None,
)
SECURING = replace(
    VISIT,
    id="a4",
    securing=True,
    payment=replace(PAID, status="authorized", receipt=None),
    starts_at=VISIT.starts_at + timedelta(days=5),
    ends_at=VISIT.ends_at + timedelta(days=5),
)
FREE = replace(CONFIRMED, id="a5", doctor=DOCTORS[2], price=Money(0, "INR"), payment=None, join_url=None)


def _past(number: int, status: v.Status, payment: v.Payment | None, **more: Any) -> v.Appointment:
    back = timedelta(days=20 * number)
    return replace(
        VISIT,
        id=f"b{number}",
        status=status,
        starts_at=VISIT.starts_at - back,
        ends_at=VISIT.ends_at - back,
        hold_ends_at=None,
        payment=payment,
        can_cancel=False,
        **more,
    )


PAST = (
    _past(1, "completed", PAID),
    _past(
        2,
        "cancelled",
        replace(PAID, status="partially-refunded", refunded=Money(40_000, "INR")),
        cancelled_by="patient",
        owed_back=Money(40_000, "INR"),
    ),
    _past(3, "expired", replace(PAID, status="failed", method="card", receipt=None)),
    _past(4, "no-show", PAID),
)

GATEWAY = v.GatewayCheckout(
    script="https://checkout.razorpay.com/v1/checkout.js",
    key_id="rzp_test_1",
    order_id="order_1",
    callback_url="/pay/return",
)
HOSTED = v.HostedCheckout(
    action="https://api.razorpay.com/v1/checkout/embedded",
    fields={"key_id": "rzp_test_1", "order_id": "order_1"},
)
STORY = (
    v.Step(at=NOW - timedelta(minutes=4), what="reserved"),
    v.Step(at=NOW - timedelta(minutes=3), what="payment-started", amount=FEE),
    v.Step(at=NOW - timedelta(minutes=2), what="payment-failed", amount=FEE),
    v.Step(at=NOW - timedelta(minutes=1), what="payment-seen", amount=FEE),
    v.Step(at=NOW, what="confirmed"),
)
DETAIL = v.AppointmentDetail(
    appointment=CONFIRMED, reason="A rash on the left arm, for two weeks", story=STORY
)
CANCELLED = v.AppointmentDetail(
    appointment=PAST[1],
    story=(
        *STORY,
        v.Step(at=NOW, what="cancelled"),
        v.Step(at=NOW, what="refund-started", amount=Money(40_000, "INR")),
    ),
)
CANCELLATION = v.Cancellation(
    appointment=CONFIRMED,
    refund=Money(40_000, "INR"),
    percent=50,
    tiers=TIERS,
    less_after=NOW + timedelta(hours=20),
    quote="40000",
    idempotency_key="k2",
)
MOVING = v.Moving(
    appointment=CONFIRMED,
    doctor=TWO_WAYS.doctor,
    booking=replace(TWO_WAYS.booking, mode="VIDEO", idempotency_key="k3"),
    costs=CONFIRMED.price,
)
MOVED = v.Moved(
    appointment=replace(CONFIRMED, price=Money(60_000, "INR")),
    before=CONFIRMED.starts_at - timedelta(days=1),
    back=Money(20_000, "INR"),
)
