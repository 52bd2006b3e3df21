"""The app of all pages, which the gateway falls back to for what is no part of the API."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from niyat.gateway.web.patient.routes import ROUTES
from niyat.gateway.web.security import SecurityHeaders
from niyat.gateway.web.session import NotOurPage, Sessions
from niyat.gateway.web.shared.assets import PREFIX, Assets
from niyat.gateway.web.shared.style import style_html
from niyat.gateway.web.site import SignInFirst, Site, View, page, sign_in_first
from niyat.gateway.web.unexpected import Mended, plainest
from niyat.kernel.client import Refused
from niyat.kernel.correlation import correlation_id
from niyat.kernel.errors import ServiceUnavailable
from niyat.kernel.log import get_logger

log = get_logger(__name__)


def create(site: Site, assets: Assets) -> Starlette:
    """Every page of `site`."""

    @page
    async def style(view: View) -> Response:
        return style_html(site.renderer, view.page())

    app = Starlette(
        routes=[Mount(PREFIX, assets), Route("/style", style), *ROUTES],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(
                Sessions,
                identity=site.clients["identity"],
                verifier=site.verifier,
                secure=site.public_url.startswith("https:"),
            ),
            Middleware(Mended),
        ],
        exception_handlers={
            SignInFirst: _sign_in,
            NotOurPage: _not_ours,
            Refused: _refused,
            ServiceUnavailable: _unreachable,
            404: _not_found,
            405: _not_found,
            500: plainest,
        },
    )
    app.state.site = site
    return app


async def _sign_in(request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInFirst)  # noqa: S101 - registered for this type alone
    return sign_in_first(View(request), error.next_path)


async def _not_ours(request: Request, _: Exception) -> Response:
    return View(request).error(403)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - registered for this type alone
    view = View(request)
    if error.status == 401:
        view.visit.end()
        return sign_in_first(view, view.path if request.method == "GET" else "/my/appointments")
    log.warning("a page was refused", code=error.code)
    return view.error(error.status if error.status in (403, 404) else 500, correlation_id.get(""))


async def _unreachable(request: Request, _: Exception) -> Response:
    return View(request).error(503, correlation_id.get(""))


async def _not_found(request: Request, _: Exception) -> Response:
    return View(request).error(404)
