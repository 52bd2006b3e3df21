"""The clinic's doctors, all of them: a clinic has dozens, so search and choices are made from the whole list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from niyat.gateway.web.patient import reading
from niyat.gateway.web.patient import views as v
from niyat.gateway.web.shared.formats import Formats
from niyat.gateway.web.site import View

Json = dict[str, Any]
MOST_PAGES = 20
PER_PAGE = 24


async def all_doctors(view: View) -> list[Json]:
    """By name."""
    found: list[Json] = []
    params = {"limit": "100"}
    for _ in range(MOST_PAGES):
        page = await view.site.clients["appointments"].call("GET", "/api/v1/doctors", params=params)
        found += page["items"]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    return found


async def known_doctors(view: View) -> dict[str, Json]:
    """Doctor's id → doctor."""
    return {doctor["doctor_id"]: doctor for doctor in await all_doctors(view)}


def matches(doctor: v.Doctor, home: v.Home, fmt: Formats) -> bool:
    """Whether a doctor is one of those searched for."""
    return (
        home.name.casefold() in doctor.name.casefold()
        and home.specialty in ("", doctor.specialty)
        and home.language in ("", *doctor.languages)
        and (not home.free or _free_in_time(doctor, home.free, fmt))
    )


def _free_in_time(doctor: v.Doctor, free: str, fmt: Formats) -> bool:
    if doctor.next_free_at is None:
        return False
    days = timedelta(days={"today": 0, "tomorrow": 1, "week": 7}[free])
    return fmt.local(doctor.next_free_at).date() <= fmt.local(fmt.now).date() + days


def doctors_of(found: list[Json]) -> list[v.Doctor]:
    """Who is free soonest comes first; who has no time, last."""
    doctors = [reading.doctor(one) for one in found]
    return sorted(doctors, key=lambda d: (d.next_free_at is None, d.next_free_at, d.name))
