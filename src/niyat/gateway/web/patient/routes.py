"""Every page of the patient, by capability."""

from __future__ import annotations

from niyat.gateway.web.patient import appointments, book, checkout, find, preferences, sign_in

ROUTES = [
    *find.routes,
    *sign_in.routes,
    *book.routes,
    *checkout.routes,
    *appointments.routes,
    *preferences.routes,
]
