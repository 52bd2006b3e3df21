"""The service's HTTP app."""

from __future__ import annotations

from fastapi import FastAPI

from niyat.kernel.auth import TokenVerifier
from niyat.kernel.http import create_app
from niyat.notifications.http import (
    devices,
    internal,
    notifications,
    preferences,
    reports,
    suppressions,
    templates,
    unsubscribe,
)
from niyat.notifications.http.table import TABLE
from niyat.notifications.parts import Parts

DESCRIPTION = """
Tells people what happened to their appointments and their money, by mail and text message, and nothing that is no
longer true: right before a message leaves, it is checked against the appointment as it stands.
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
    app = create_app("Niyat notifications", DESCRIPTION, table=TABLE)
    for resource in (
        devices,
        suppressions,
        reports,
        preferences,
        unsubscribe,
        templates,
        notifications,
        internal,
    ):
        app.include_router(resource.router)
    return app
