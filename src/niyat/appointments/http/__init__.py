"""The service's HTTP app."""

from __future__ import annotations

from fastapi import FastAPI

from niyat.appointments.http import availability, bookings, doctors, internal, lists
from niyat.appointments.http.table import TABLE
from niyat.appointments.settings import AppointmentsSettings
from niyat.kernel.auth import TokenVerifier
from niyat.kernel.db import Database
from niyat.kernel.http import create_app

DESCRIPTION = """\
Doctors, their free times, and the appointments that take them. Instants are RFC 3339 in UTC beside an IANA
`time_zone`; money is an integer of minor units beside a `currency`; every error is a problem document whose `code`
is stable.
"""


def create(db: Database, verifier: TokenVerifier, settings: AppointmentsSettings) -> FastAPI:
    """The app over `db`."""
    app = routes()
    app.state.db = db
    app.state.verifier = verifier
    app.state.settings = settings
    return app


def routes() -> FastAPI:
    """The app's routes, without what they work on."""
    app = create_app("Niyat appointments", DESCRIPTION, table=TABLE)
    # Lists before single appointments: their paths are more particular.
    for part in (doctors, availability, lists, bookings, internal):
        app.include_router(part.router)
    return app
