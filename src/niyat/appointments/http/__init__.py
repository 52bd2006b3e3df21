"""The service's HTTP app."""

from __future__ import annotations

from fastapi import FastAPI

from niyat.appointments.http import (
    arrivals,
    availability,
    blocks,
    bookings,
    calendars,
    clinics,
    doctors,
    family_members,
    holiday_calendars,
    holidays,
    internal,
    internal_doctors,
    internal_find,
    lists,
    overrides,
    reschedule,
    room,
    slots,
    status,
    waitlist,
)
from niyat.appointments.http.table import TABLE
from niyat.appointments.parts import Parts
from niyat.kernel.auth import TokenVerifier
from niyat.kernel.http import create_app

DESCRIPTION = """\
Doctors, their free times, and the appointments that take them. Instants are RFC 3339 in UTC beside an IANA
`time_zone`; money is an integer of minor units beside a `currency`; every error is a problem document whose `code`
is stable.
"""


def create(parts: Parts, verifier: TokenVerifier) -> FastAPI:
    """The app that works with `parts`."""
    app = routes()
    app.state.parts = parts
    app.state.db = parts.db
    app.state.verifier = verifier
    return app


def routes() -> FastAPI:
    """The app's routes, without what they work on."""
    app = create_app("Niyat appointments", DESCRIPTION, table=TABLE)
    # Lists before single appointments: their paths are more particular.
    for part in (
        doctors,
        clinics,
        holidays,
        holiday_calendars,
        slots,
        availability,
        overrides,
        blocks,
        lists,
        status,
        bookings,
        reschedule,
        arrivals,
        family_members,
        waitlist,
        calendars,
        room,
        internal,
        internal_doctors,
        internal_find,
    ):
        app.include_router(part.router)
    return app
