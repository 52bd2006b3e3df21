"""A doctor's free times, by the days of the viewer's calendar."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from typing import Any

from niyat.gateway.web.patient import reading
from niyat.gateway.web.patient import views as v
from niyat.gateway.web.site import View

DAYS = 14


async def days_of(view: View, doctor_id: str, first: date, number: int) -> Sequence[v.Day]:
    last = first + timedelta(days=number - 1)
    params = {"from": str(first), "to": str(last), "time_zone": view.zone}
    by_day: dict[str, list[v.Slot]] = {}
    async for slot in _all(view, _path(doctor_id), params):
        by_day.setdefault(slot["local_start"][:10], []).append(_slot(slot))
    dates = [first + timedelta(days=step) for step in range(number)]
    return [v.Day(date=day, slots=tuple(by_day.get(str(day), ()))) for day in dates]


async def _all(view: View, path: str, params: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
    """The slots of every page; a fortnight nearly always fits on one."""
    cursor = None
    while True:
        asked = params | ({"cursor": cursor} if cursor else {})
        found = await view.site.clients["appointments"].call("GET", path, params=asked)
        for slot in found["items"]:
            yield slot
        if not (cursor := found["next_cursor"]):
            return


async def free_times(view: View, doctor_id: str, most: int = 4) -> tuple[v.Slot, ...]:
    """The next few free times, for whoever lost theirs."""
    today = view.formats.local(view.site.now()).date()
    last = today + timedelta(days=DAYS - 1)
    params = {"from": str(today), "to": str(last), "time_zone": view.zone, "limit": str(most)}
    found = await view.site.clients["appointments"].call("GET", _path(doctor_id), params=params)
    return tuple(_slot(slot) for slot in found["items"])


def _path(doctor_id: str) -> str:
    return f"/api/v1/availability/doctors/{doctor_id}/slots"


def _slot(slot: dict[str, Any]) -> v.Slot:
    return v.Slot(
        id=slot["slot_id"],
        starts_at=reading.instant(slot["starts_at"]),
        modes=tuple(slot["consultation_types"]),
        place=slot["place"] if slot["place_id"] else "",
    )
