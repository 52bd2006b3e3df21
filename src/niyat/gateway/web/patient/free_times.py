"""A doctor's free times, by the days of the viewer's calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from niyat.gateway.web.patient import reading
from niyat.gateway.web.patient import views as v
from niyat.gateway.web.site import View

DAYS = 14


async def days_of(view: View, doctor_id: str, first: date, number: int) -> Sequence[v.Day]:
    last = first + timedelta(days=number - 1)
    found = await view.site.clients["appointments"].call(
        "GET",
        f"/api/v1/availability/doctors/{doctor_id}/slots",
        params={"from": str(first), "to": str(last), "time_zone": view.zone},
    )
    by_day: dict[str, list[v.Slot]] = {}
    for slot in found["items"]:
        one = v.Slot(id=slot["slot_id"], starts_at=reading.instant(slot["starts_at"]))
        by_day.setdefault(slot["local_start"][:10], []).append(one)
    dates = [first + timedelta(days=step) for step in range(number)]
    return [v.Day(date=day, slots=tuple(by_day.get(str(day), ()))) for day in dates]


async def free_times(view: View, doctor_id: str, most: int = 4) -> tuple[v.Slot, ...]:
    """The next few free times, for whoever lost theirs."""
    today = view.formats.local(view.site.now()).date()
    days = await days_of(view, doctor_id, today, DAYS)
    return tuple(slot for day in days for slot in day.slots)[:most]
