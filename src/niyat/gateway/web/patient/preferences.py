"""Language, theme and time zone, kept in cookies of a year; whoever is signed in is written to in them, too."""

from __future__ import annotations

import contextlib

from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway.web.session import own_form, safe_path
from niyat.gateway.web.shared.formats import zone_or
from niyat.gateway.web.shared.i18n import LANGUAGES
from niyat.gateway.web.site import View, page, redirect
from niyat.kernel.client import Refused
from niyat.kernel.errors import ServiceUnavailable
from niyat.kernel.fields import IANA_ZONES

YEAR = 365 * 24 * 3600
THEMES = ("system", "light", "dark")
AREAS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
ZONES = tuple(sorted(name for name in IANA_ZONES if name.startswith(AREAS)))


@page
async def choose(view: View) -> Response:
    fields = await own_form(view.request)
    answer = redirect(safe_path(fields.get("next")))
    for name, allowed in (("language", tuple(LANGUAGES)), ("theme", THEMES)):
        if fields.get(name) in allowed:
            _remember(view, answer, name, fields[name])
    if zone := zone_or(fields.get("zone"), ""):
        _remember(view, answer, "zone", zone)
        _remember(view, answer, "zone_chosen", "1")
    await _tell_identity(view, fields.get("language"), zone)
    return answer


async def _tell_identity(view: View, language: str | None, zone: str) -> None:
    """Messages follow what was chosen. Should this fail, the pages still do, and the next choice tells both."""
    wish = {"language": language if language in LANGUAGES else None, "time_zone": zone or None}
    if view.who is None or not any(wish.values()):
        return
    with contextlib.suppress(Refused, ServiceUnavailable):
        await (await view.caller()).call("identity", "PATCH", "/api/v1/accounts/me", wish)


def _remember(view: View, answer: Response, name: str, value: str) -> None:
    secure = view.site.public_url.startswith("https:")
    answer.set_cookie(name, value, max_age=YEAR, path="/", secure=secure, samesite="lax")


@page
async def zone(view: View) -> Response:
    next_path = safe_path(view.request.query_params.get("next"))
    return view.answer("patient/preferences.html", zones=zones_for(view), next_path=next_path)


def zones_for(view: View) -> tuple[str, ...]:
    """Those that can be chosen; the one in use is always among them."""
    return ZONES if view.zone in ZONES else (view.zone, *ZONES)


routes = [
    Route("/preferences", choose, methods=["POST"]),
    Route("/zone", zone),
]
