"""Every page in every state with sample data: `python -m tests.support.preview`, then http://127.0.0.1:8999/.

`/<language>/<page>?theme=dark&zone=Europe/Berlin`. For development and tests only.
"""

from __future__ import annotations

from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route

from niyat.gateway.web.security import SecurityHeaders, checkout_headers
from niyat.gateway.web.shared.assets import PREFIX, Assets
from niyat.gateway.web.shared.i18n import LANGUAGES
from niyat.gateway.web.shared.render import Renderer
from niyat.gateway.web.shared.style import style_html
from tests.support import sample_pages

CHECKOUT = checkout_headers("https://checkout.razorpay.com", "https://api.razorpay.com")

ASSETS = Assets()
RENDERER = Renderer(ASSETS)


def names() -> list[str]:
    """All pages there are, the style page last."""
    return [*sample_pages.PAGES, "style"]


def show(name: str, language: str, **page: Any) -> HTMLResponse:
    """One page, as a route would answer."""
    shown = sample_pages.page_for(name, language, **page)
    if name == "style":
        return style_html(RENDERER, shown)
    template, view = sample_pages.PAGES[name]
    headers = CHECKOUT if template == "patient/checkout.html" else None
    return RENDERER.answer(template, shown, headers=headers, **view)


def _page(request: Request) -> Response:
    name, language = request.path_params["name"], request.path_params["language"]
    if name not in names() or language not in LANGUAGES:
        return Response(status_code=404)
    chosen = {key: request.query_params[key] for key in ("theme", "zone") if key in request.query_params}
    return show(name, language, **chosen)


def _index(_: Request) -> Response:
    rows = [
        f'<li><a href="/{language}/{name}">{language} {name}</a>'
        for name in names()
        for language in LANGUAGES
    ]
    return HTMLResponse("<!doctype html><title>Preview</title><ul>" + "".join(rows))


def create() -> Starlette:
    return Starlette(
        routes=[Mount(PREFIX, ASSETS), Route("/", _index), Route("/{language}/{name}", _page)],
        middleware=[Middleware(SecurityHeaders)],
    )


if __name__ == "__main__":
    uvicorn.run(create(), port=8999, log_level="warning")
