"""The gateway's app: the pages, and the few endpoints that need two services."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from niyat.gateway import composites
from niyat.gateway.web import pages
from niyat.gateway.web.shared.assets import Assets
from niyat.gateway.web.site import Site
from niyat.kernel.client import Refused
from niyat.kernel.correlation import correlation_id
from niyat.kernel.http import create_app
from niyat.kernel.problem import PROBLEM_TYPE

API = ("/api/", "/internal/", "/oauth/", "/.well-known/")


def create(site: Site, assets: Assets) -> FastAPI:
    """The gateway over `site.clients`, one of each service. What no route of the API has is a page's."""
    app = routes()
    app.state.clients = site.clients
    app.state.verifier = site.verifier
    web, unknown = pages.create(site, assets), app.router.default

    async def page_or_problem(scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and not scope["path"].startswith(API)
        await (web if is_page else unknown)(scope, receive, send)

    app.router.default = page_or_problem
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
