"""Every page of the patient, by capability."""

from __future__ import annotations

from niyat.gateway.web.patient import (
    account,
    appointments,
    book,
    calendars,
    checkout,
    find,
    hints,
    join,
    messages,
    move,
    preferences,
    sign_in,
    unsubscribe,
)

ROUTES = [
    *find.routes,
    *sign_in.routes,
    *book.routes,
    *checkout.routes,
    *appointments.routes,
    *calendars.routes,
    *join.routes,
    *move.routes,
    *hints.routes,
    *account.routes,
    *messages.routes,
    *unsubscribe.routes,
    *preferences.routes,
]
