"""Templates to HTML: one Jinja environment per language, over the templates of every front end.

A template is named by its front end: `patient/home.html`, `shared/base.html`. It sees `page`, `fmt` (dates
and money for this viewer), `asset(path)`, `_()`, and the view-model's own names.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from starlette.responses import HTMLResponse

from niyat.gateway.web.shared.assets import Assets
from niyat.gateway.web.shared.formats import Formats
from niyat.gateway.web.shared.i18n import LANGUAGES, translations
from niyat.gateway.web.shared.page import Page

WEB_DIRECTORY = Path(__file__).parent.parent
FRONT_ENDS = ("shared", "patient")

# The header by which a page asks for one of its parts again (static/js/live.js).
FRAGMENT = "x-fragment"
HEADERS = {"cache-control": "private, no-cache", "vary": f"cookie, accept-language, {FRAGMENT}"}


class Renderer:
    """Made once per app."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets

    @cached_property
    def environments(self) -> Mapping[str, Environment]:
        """One per language, since a catalogue belongs to an environment."""
        return {language: _environment(language, self._assets) for language in LANGUAGES}

    def html(self, template: str, page: Page, **view: Any) -> str:
        """The page or fragment as text."""
        fmt = Formats(page.language, page.zone, page.now)
        return self.environments[page.language].get_template(template).render(page=page, fmt=fmt, **view)

    def answer(
        self,
        template: str,
        page: Page,
        *,
        status: int = HTTPStatus.OK,
        headers: Mapping[str, str] | None = None,
        **view: Any,
    ) -> HTMLResponse:
        """What a route returns. Pages are personal, and are asked for again when one comes back to them."""
        own = {"content-language": page.language, **HEADERS, **(headers or {})}
        return HTMLResponse(self.html(template, page, **view), status, own)


def _environment(language: str, assets: Assets) -> Environment:
    environment = Environment(
        loader=PrefixLoader(
            {name: FileSystemLoader(WEB_DIRECTORY / name / "templates") for name in FRONT_ENDS}
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.globals["asset"] = assets.url
    environment.globals["languages"] = LANGUAGES
    return environment
