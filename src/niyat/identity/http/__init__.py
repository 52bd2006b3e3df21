"""The service's HTTP app."""

from __future__ import annotations

from fastapi import FastAPI

from niyat.identity.http import accounts, codes, internal, oauth, sessions
from niyat.identity.http.table import TABLE
from niyat.identity.parts import Parts
from niyat.kernel.auth import TokenVerifier
from niyat.kernel.http import create_app

DESCRIPTION = """Accounts, sign-in with one-time codes, sessions and tokens.

Ask for a code (`POST /api/v1/auth/codes`), send it back (`POST /api/v1/auth/sessions`), and use the access token
as a bearer everywhere. It lasts ten minutes; refresh it. Other services verify it with `/.well-known/jwks.json`."""


def create(parts: Parts, verifier: TokenVerifier) -> FastAPI:
    """The app. `verifier` reads the keys from our own database."""
    app = routes()
    app.state.db = parts.db
    app.state.verifier = verifier
    app.state.parts = parts
    return app


def routes() -> FastAPI:
    """The routes alone, for the API description."""
    app = create_app("Niyat identity", DESCRIPTION, table=TABLE)
    for resource in (codes, sessions, accounts, oauth, internal):
        app.include_router(resource.router)
    return app
