"""Every patient page in every state: its name, its template, and what the template shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from niyat.gateway.web.patient import views as v
from niyat.gateway.web.shared.page import Account, Page, Toast
from niyat.kernel.money import Money
from tests.support.samples import (
    BOOKING,
    CANCELLATION,
    CANCELLED,
    CONFIRMED,
    DAYS,
    DETAIL,
    DOCTORS,
    FAMILY,
    FREE,
    GATEWAY,
    HOSTED,
    IN_PERSON,
    MOVED,
    MOVING,
    NOW,
    PAST,
    PROFILE,
    SECURING,
    TWO_WAYS,
    VISIT,
    ZONE,
)


def _home(**search: Any) -> v.Home:
    return v.Home(
        specialties=tuple(sorted({d.specialty for d in DOCTORS})),
        languages=("en", "hi", "ta", "ml", "te", "pa"),
        **search,
    )


def _checkout(state: v.CheckoutState, **more: Any) -> Mapping[str, Any]:
    visit = replace(VISIT, securing=True) if state == "confirming" else VISIT
    return {"checkout": v.Checkout(appointment=visit, state=state, gateway=GATEWAY, hosted=HOSTED, **more)}


PROFILE_OF_PHONE = v.Profile(phone="+91 98765 43210", signs_in_with="+91 98765 43210")
ASHA = replace(PROFILE_OF_PHONE, name="Asha Rao", email="asha@example.in")
FEED = "https://niyat.example/api/v1/calendar-feeds/3QZ9tR2pXvK8mW5nLc7dYb4sHf6gJa1e.ics"
ZONES = ("America/New_York", ZONE, "Europe/Berlin")
MESSAGES = v.Messages(
    kinds=tuple(
        v.MessageKind(
            name=name,
            ticks=(
                v.Tick(channel="EMAIL", checked=True, fixed=name == "changes"),
                v.Tick(channel="SMS", checked=name == "waitlist", fixed=False),
            ),
        )
        for name in ("reminders", "confirmed", "changes", "money", "waitlist")
    ),
    reminders=(1440, 15),
    other_reminders="90",
    quiet_from="22:00",
    quiet_to="07:00",
    language="hi",
    time_zone="Europe/Berlin",
)
OTHERS = DAYS[2].slots[:4]

# name → (template, view). The names are those of the screenshots and of the preview's addresses.
PAGES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "sign-in": ("patient/sign_in.html", {"form": v.SignIn()}),
    "sign-in-wrong": (
        "patient/sign_in.html",
        {"form": v.SignIn(contact="98765", errors={"contact": "A mobile number has ten digits."})},
    ),
    "sign-in-code": (
        "patient/sign_in.html",
        {
            "form": v.SignIn(
                contact="+919876543210",
                sent_to="+91 ••••• ••210",
                challenge="c1",
                resend_after=NOW + timedelta(seconds=30),
            )
        },
    ),
    "sign-in-code-wrong": (
        "patient/sign_in.html",
        {
            "form": v.SignIn(
                contact="+919876543210",
                sent_to="+91 ••••• ••210",
                challenge="c1",
                errors={"code": "That is not the code we sent; 4 tries are left."},
            )
        },
    ),
    "home": ("patient/home.html", {"home": _home(doctors=DOCTORS, more="/?page=2")}),
    "home-guessed": ("patient/home.html", {"home": _home(doctors=DOCTORS)}),
    "home-search": (
        "patient/home.html",
        {"home": _home(name="mee", specialty="Dermatology", doctors=DOCTORS[:1])},
    ),
    "home-nobody": ("patient/home.html", {"home": _home(language="ml", free="today")}),
    "doctor": ("patient/doctor.html", {"profile": PROFILE}),
    "doctor-wrong": (
        "patient/doctor.html",
        {
            "profile": replace(
                PROFILE,
                booking=replace(
                    BOOKING,
                    slot="",
                    mode="",
                    reason="A rash",
                    errors={"slot": "Choose a time.", "mode": "Choose how you want to meet."},
                ),
            )
        },
    ),
    "doctor-taken": (
        "patient/doctor.html",
        {
            "profile": replace(
                PROFILE,
                booking=replace(BOOKING, slot="", errors={"form": "Someone else has just taken that time."}),
            )
        },
    ),
    "doctor-two-ways": ("patient/doctor.html", {"profile": TWO_WAYS}),
    "doctor-family": (
        "patient/doctor.html",
        {"profile": replace(PROFILE, booking=replace(BOOKING, family=FAMILY, visitor="f1"))},
    ),
    "doctor-family-wrong": (
        "patient/doctor.html",
        {
            "profile": replace(
                PROFILE, booking=replace(BOOKING, family=(), errors={"member_name": "Give a name."})
            )
        },
    ),
    "doctor-held": ("patient/doctor.html", {"profile": replace(PROFILE, held=VISIT)}),
    "doctor-free": ("patient/doctor.html", {"profile": replace(PROFILE, doctor=DOCTORS[2])}),
    "doctor-none": (
        "patient/doctor.html",
        {"profile": replace(PROFILE, booking=v.DoctorBookingForm(days=()))},
    ),
    "checkout": ("patient/checkout.html", _checkout("ready")),
    "checkout-trouble": (
        "patient/checkout.html",
        _checkout(
            "ready",
            troubles=(v.Trouble(method="upi"), v.Trouble(method="netbanking", which=("HDFC", "SBIN"))),
        ),
    ),
    "checkout-failed": (
        "patient/checkout.html",
        _checkout("failed", bank_says="Your payment was not successful as the UPI app declined it."),
    ),
    "checkout-failed-known": (
        "patient/checkout.html",
        _checkout("failed", problem="The account had too little money in it."),
    ),
    "checkout-dismissed": ("patient/checkout.html", _checkout("dismissed")),
    "checkout-confirming": ("patient/checkout.html", _checkout("confirming")),
    "checkout-lapsed": ("patient/checkout.html", _checkout("lapsed", others=OTHERS)),
    "checkout-not-charged": ("patient/checkout.html", _checkout("not-charged", others=OTHERS)),
    "checkout-refunding": ("patient/checkout.html", _checkout("refunding", others=OTHERS)),
    "confirmed": ("patient/confirmed.html", {"detail": DETAIL}),
    "confirmed-phone": ("patient/confirmed.html", {"detail": DETAIL}),
    "confirmed-free": ("patient/confirmed.html", {"detail": v.AppointmentDetail(appointment=FREE)}),
    "appointments": (
        "patient/appointments.html",
        {"list": v.AppointmentsList(upcoming=(VISIT, CONFIRMED, IN_PERSON, SECURING), past=PAST)},
    ),
    "appointments-none": ("patient/appointments.html", {"list": v.AppointmentsList()}),
    "appointment": ("patient/appointment.html", {"detail": DETAIL}),
    "appointment-family": (
        "patient/appointment.html",
        {"detail": replace(DETAIL, appointment=replace(CONFIRMED, visitor="Ravi Rao"))},
    ),
    "appointment-early": (
        "patient/appointment.html",
        {
            "detail": replace(
                DETAIL,
                appointment=replace(
                    CONFIRMED, join_url=None, join_opens_at=CONFIRMED.starts_at - timedelta(minutes=15)
                ),
                problem="You came before the video opened. The way in shows on this page when it does.",
            )
        },
    ),
    "appointment-due": ("patient/appointment.html", {"detail": v.AppointmentDetail(appointment=VISIT)}),
    "appointment-cancelled": ("patient/appointment.html", {"detail": CANCELLED}),
    "cancel": ("patient/cancel.html", {"cancellation": CANCELLATION}),
    "cancel-changed": (
        "patient/cancel.html",
        {
            "cancellation": replace(
                CANCELLATION, errors={"form": "The amount you get back has changed since you saw it."}
            )
        },
    ),
    "cancel-unpaid": (
        "patient/cancel.html",
        {"cancellation": replace(CANCELLATION, appointment=VISIT, refund=Money(0, "INR"))},
    ),
    "move": ("patient/move.html", {"moving": MOVING}),
    "move-dearer": (
        "patient/move.html",
        {"moving": replace(MOVING, booking=replace(MOVING.booking, mode="IN_PERSON"))},
    ),
    "move-cheaper": (
        "patient/move.html",
        {
            "moving": replace(
                MOVING, at_most=50, appointment=replace(CONFIRMED, price=Money(1_00_000, "INR"), mode="VIDEO")
            )
        },
    ),
    "move-taken": (
        "patient/move.html",
        {
            "moving": replace(
                MOVING,
                booking=replace(
                    MOVING.booking, slot="", errors={"form": "Someone else has just taken that time."}
                ),
            )
        },
    ),
    "move-none": ("patient/move.html", {"moving": replace(MOVING, booking=v.DoctorBookingForm(days=()))}),
    "moved": ("patient/moved.html", {"moved": MOVED}),
    "welcome": ("patient/welcome.html", {"profile": PROFILE_OF_PHONE}),
    "welcome-wrong": (
        "patient/welcome.html",
        {
            "profile": replace(
                PROFILE_OF_PHONE, email="asha", errors={"email": "That is not an email address."}
            )
        },
    ),
    "account": (
        "patient/account.html",
        {"zones": ZONES, "profile": ASHA, "feed": v.CalendarFeed()},
    ),
    "account-email": (
        "patient/account.html",
        {
            "zones": ZONES,
            "profile": v.Profile(name="Asha Rao", signs_in_with="asha@example.in"),
            "feed": v.CalendarFeed(made_at=NOW - timedelta(days=30), read_at=NOW - timedelta(hours=1)),
        },
    ),
    "account-calendar": (
        "patient/account.html",
        {"zones": ZONES, "profile": ASHA, "feed": v.CalendarFeed(made_at=NOW, address=FEED)},
    ),
    "account-messages": ("patient/messages.html", {"zones": ZONES, "messages": MESSAGES}),
    "account-messages-wrong": (
        "patient/messages.html",
        {
            "zones": ZONES,
            "messages": replace(
                MESSAGES,
                quiet_to="",
                other_reminders="soon",
                errors={
                    "choices": "Keep at least one way to hear that a visit is confirmed.",
                    "quiet_hours": "Give a beginning and an end, different ones and at most 16 hours apart.",
                    "reminder_offsets_minutes": "Choose one to five times, each between 5 minutes and 14 days before.",
                },
            ),
        },
    ),
    "unsubscribe": (
        "patient/unsubscribe.html",
        {"unsubscribing": v.Unsubscribing(kind="APPOINTMENT_REMINDER", enabled=True)},
    ),
    "unsubscribed": (
        "patient/unsubscribe.html",
        {"unsubscribing": v.Unsubscribing(kind="APPOINTMENT_REMINDER", enabled=False)},
    ),
    "zone": ("patient/preferences.html", {"zones": ZONES, "next_path": "/"}),
    "error-403": ("shared/error.html", {"code": 403, "reference": ""}),
    "error-404": ("shared/error.html", {"code": 404, "reference": ""}),
    "error-500": ("shared/error.html", {"code": 500, "reference": "0199e0c2"}),
    "error-503": ("shared/error.html", {"code": 503, "reference": "0199e0c2"}),
}


def page_for(name: str, language: str = "en", **changes: Any) -> Page:
    """Who looks at the page of that name: nobody signed in before sign-in, Asha afterwards."""
    account = (
        None if name.startswith("sign-in") else Account(name="Asha Rao", has_email=name != "confirmed-phone")
    )
    toasts = (Toast(text="Your appointment was moved."),) if name == "appointment" else ()
    return replace(
        Page(
            language=language,
            zone=ZONE,
            now=NOW,
            path="/account" if name.startswith("account") else f"/{name}",
            csrf="token",
            zone_known=name != "home-guessed",
            account=account,
            toasts=toasts,
        ),
        **changes,
    )
