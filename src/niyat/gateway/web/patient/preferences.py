"""Language, theme and time zone, kept in cookies of a year; and the page of one's own account."""

from __future__ import annotations

from zoneinfo import available_timezones

from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway.web.session import own_form, safe_path
from niyat.gateway.web.shared.formats import zone_or
from niyat.gateway.web.shared.i18n import LANGUAGES
from niyat.gateway.web.site import View, page, redirect

YEAR = 365 * 24 * 3600
THEMES = ("system", "light", "dark")
AREAS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
ZONES = tuple(sorted(name for name in available_timezones() if name.startswith(AREAS)))


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
    return answer


def _remember(view: View, answer: Response, name: str, value: str) -> None:
    secure = view.site.public_url.startswith("https:")
    answer.set_cookie(name, value, max_age=YEAR, path="/", secure=secure, samesite="lax")


@page
async def zone(view: View) -> Response:
    return _show(view, safe_path(view.request.query_params.get("next")))


@page
async def account(view: View) -> Response:
    view.signed_in()
    return _show(view, "/account")


def _show(view: View, next_path: str) -> Response:
    zones = ZONES if view.zone in ZONES else (view.zone, *ZONES)
    return view.answer("patient/preferences.html", zones=zones, next_path=next_path)


routes = [
    Route("/preferences", choose, methods=["POST"]),
    Route("/zone", zone),
    Route("/account", account),
]
