"""Routes of notifications: `notifications.py` for people and staff, `codes.py` for identity."""

from __future__ import annotations

from fastapi import FastAPI

from niyat.kernel.http import create_app
from niyat.notifications.http import codes, notifications
from niyat.notifications.http.common import ERRORS

DESCRIPTION = """
Tells people what happened to their appointments and their money, by mail and text message, and nothing that is no
longer true: right before a message leaves, it is checked against the appointment as it stands.
"""


def routes() -> FastAPI:
    """The app without what it works on."""
    app = create_app("Niyat notifications", DESCRIPTION, table=ERRORS)
    app.include_router(notifications.router)
    app.include_router(codes.internal)
    return app
