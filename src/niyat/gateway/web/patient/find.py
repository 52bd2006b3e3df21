"""Home: search for a doctor."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, cast
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway.web.patient import views as v
from niyat.gateway.web.patient.doctors import PER_PAGE, all_doctors, doctors_of, matches
from niyat.gateway.web.site import View, page

Free = Literal["", "today", "tomorrow", "week"]


@page
async def home(view: View) -> Response:
    asked = view.request.query_params
    free = asked.get("free", "")
    search = v.Home(
        name=asked.get("name", "").strip()[:100],
        specialty=asked.get("specialty", ""),
        language=asked.get("language", ""),
        free=cast(Free, free if free in ("today", "tomorrow", "week") else ""),
    )
    everyone = doctors_of(await all_doctors(view))
    found = [doctor for doctor in everyone if matches(doctor, search, view.formats)]
    upto = asked.get("upto", "")
    shown = max(int(upto), PER_PAGE) if upto.isascii() and upto.isdigit() and len(upto) < 5 else PER_PAGE
    more = {name: value for name, value in asked.items() if name != "upto"} | {"upto": str(shown + PER_PAGE)}
    filled = replace(
        search,
        specialties=tuple(sorted({doctor.specialty for doctor in everyone})),
        languages=tuple(sorted({code for doctor in everyone for code in doctor.languages})),
        doctors=tuple(found[:shown]),
        total=len(found),
        more=f"/?{urlencode(more)}" if len(found) > shown else None,
    )
    return view.answer("patient/home.html", home=filled)


routes = [Route("/", home)]
