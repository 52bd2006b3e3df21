"""What one has with a doctor already: whoever goes back or opens a second tab is told, and books nothing twice."""

from __future__ import annotations

from typing import Any

from niyat.gateway.web.patient import reading
from niyat.gateway.web.patient import views as v
from niyat.gateway.web.site import View

Json = dict[str, Any]

LIVE = ("reserved", "pending-payment", "confirmed")


async def ahead(view: View) -> list[Json]:
    """One's own visits to this doctor that are still to come."""
    if view.who is None:
        return []
    params = {
        "doctor_id": str(view.request.path_params["doctor_id"]),
        "patient_id": str(view.who.account_id),
        "from": view.site.now().isoformat().replace("+00:00", "Z"),
        "limit": "100",
    }
    found = await (await view.caller()).call("appointments", "GET", "/api/v1/appointments", params=params)
    items: list[Json] = found["items"]
    return items


async def held(view: View) -> v.Appointment | None:
    """The time with this doctor that one holds and has not paid yet."""
    now = view.site.now()
    shown = (
        reading.appointment(one, now=now, hold_seconds=view.site.terms.hold_seconds)
        for one in await ahead(view)
    )
    return next((one for one in shown if one.due and one.hold_ends_at and one.hold_ends_at > now), None)
