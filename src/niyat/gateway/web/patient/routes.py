"""Every page of the patient, by capability."""

from __future__ import annotations

from niyat.gateway.web.patient import account, appointments, book, checkout, find, hints, preferences, sign_in

ROUTES = [
    *find.routes,
    *sign_in.routes,
    *book.routes,
    *checkout.routes,
    *appointments.routes,
    *hints.routes,
    *account.routes,
    *preferences.routes,
]
