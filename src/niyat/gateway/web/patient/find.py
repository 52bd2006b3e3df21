"""Home: search for a doctor, a page of them at a time."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Literal, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway.web.patient import reading
from niyat.gateway.web.patient import views as v
from niyat.gateway.web.site import View, page, redirect
from niyat.kernel.client import Refused

Free = Literal["", "today", "tomorrow", "week"]
DAYS = {"today": 1, "tomorrow": 2, "week": 8}
PER_PAGE = 24
SEARCH = ("name", "specialty", "language", "free")


@page
async def home(view: View) -> Response:
    asked = view.request.query_params
    search = {name: asked.get(name, "").strip()[:100] for name in SEARCH}
    free = search["free"] if search["free"] in DAYS else ""
    cursor = asked.get("cursor", "")
    doctors = view.site.clients["appointments"]
    wanted = {name: search[name] for name in ("name", "specialty", "language") if search[name]}
    if free:
        wanted["free_before"] = _end_of(view, DAYS[free])
    try:
        found = await doctors.call("GET", "/api/v1/doctors", params=_page(wanted, cursor))
    except Refused:
        if not cursor and not wanted:
            raise
        # A cursor of another time, or words that no doctor can have: the search begins anew.
        return redirect("/")
    more = {**search, "cursor": found["next_cursor"]}
    choices = await doctors.call("GET", "/api/v1/doctors/choices")
    filled = v.Home(
        name=search["name"],
        specialty=search["specialty"],
        language=search["language"],
        free=cast(Free, free),
        specialties=tuple(choices["specialties"]),
        languages=tuple(choices["languages"]),
        doctors=tuple(reading.doctor(one) for one in found["items"]),
        more=f"/?{urlencode(_given(more))}" if found["next_cursor"] else None,
        first=f"/?{urlencode(_given(search))}" if cursor else None,
    )
    return view.answer("patient/home.html", home=filled)


def _page(wanted: dict[str, str], cursor: str) -> dict[str, str]:
    return _given({**wanted, "sort": "first-free", "limit": str(PER_PAGE), "cursor": cursor})


def _given(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value}


def _end_of(view: View, days: int) -> str:
    """The end of that many days of the viewer's calendar, today's being the first."""
    last = view.formats.local(view.site.now()).date() + timedelta(days=days)
    return datetime.combine(last, time(), ZoneInfo(view.zone)).isoformat()


routes = [Route("/", home)]
