"""The living page `/style`: every component in every state, from the same templates that the pages use."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import HTMLResponse

from niyat.gateway.web.shared.page import Page
from niyat.gateway.web.shared.render import Renderer

COLOURS = (
    *("paper", "surface", "sunken", "ink", "ink-soft", "line", "line-strong"),
    *("brand", "brand-soft", "brand-deep", "accent", "accent-soft", "focus"),
    *("success", "success-soft", "danger", "danger-soft", "info", "info-soft"),
)


def style_html(renderer: Renderer, page: Page) -> HTMLResponse:
    """The page itself; its sample times are relative to `page.now`."""
    hour = page.now.replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    times = [hour + timedelta(hours=step) for step in range(-4, 8, 2)]
    return renderer.answer(
        "shared/style.html", page, colours=COLOURS, times=times, five_minutes=timedelta(minutes=5)
    )
