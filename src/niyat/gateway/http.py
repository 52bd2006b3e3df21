"""The gateway's app: the pages, and the few endpoints that need two services."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from niyat.gateway import composites
from niyat.kernel.auth import TokenVerifier
from niyat.kernel.client import Refused, ServiceClient
from niyat.kernel.correlation import correlation_id
from niyat.kernel.http import PROBLEM_TYPE, create_app


def create(clients: dict[str, ServiceClient], verifier: TokenVerifier) -> FastAPI:
    """The gateway over `clients`, one of each service."""
    app = routes()
    app.state.clients = clients
    app.state.verifier = verifier
    return app


def routes() -> FastAPI:
    """The gateway's routes, without what they call."""
    app = create_app("Niyat gateway", "Endpoints that need two services.", table={})
    app.add_exception_handler(Refused, _pass_on)
    app.include_router(composites.router, prefix="/api/v1/appointments")
    app.include_router(composites.router, prefix="/appointments", deprecated=True)
    return app


async def _pass_on(_: Request, error: Exception) -> JSONResponse:
    """A service refused: its problem is the answer, under this request's correlation id."""
    assert isinstance(error, Refused)  # noqa: S101 - registered for this type alone
    problem = {**error.problem, "status": error.status, "correlation_id": correlation_id.get()}
    headers = {"www-authenticate": "Bearer"} if error.status == 401 else None
    return JSONResponse(problem, error.status, headers, PROBLEM_TYPE)
