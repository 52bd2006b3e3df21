"""The choice of a day, a time and a way to meet, as booking and moving show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Literal, cast

from niyat.gateway.web.patient import views as v
from niyat.gateway.web.patient.free_times import DAYS, days_of
from niyat.gateway.web.site import View, uuid_of

MODES = ("VIDEO", "AUDIO", "IN_PERSON")
FIELDS = ("day", "slot", "mode", "reason", "visitor", "member_name", "member_relationship", "idempotency_key")


def form_of(draft: dict[str, Any]) -> v.DoctorBookingForm:
    """From what was sent or kept; whatever is not as our pages make it counts as left out."""
    text = {name: str(draft.get(name) or "") for name in FIELDS}
    key = text["idempotency_key"]
    return v.DoctorBookingForm(
        days=(),
        day=_date(text["day"]),
        slot=text["slot"],
        mode=cast(v.Mode, text["mode"]) if text["mode"] in MODES else "",
        reason=text["reason"][:500],
        visitor=text["visitor"] if uuid_of(text["visitor"]) else "",
        member_name=text["member_name"].strip(),
        member_relationship=text["member_relationship"],
        idempotency_key=key if uuid_of(key) else "",
    )


def missing(view: View, form: v.DoctorBookingForm) -> v.Errors:
    """What is still to be chosen."""
    wrong: v.Errors = {}
    if not uuid_of(form.slot):
        wrong["slot"] = view.gettext("Choose a time.")
    if not form.mode:
        wrong["mode"] = view.gettext("Choose how you want to meet.")
    return wrong


async def with_days(
    view: View, form: v.DoctorBookingForm, doctor: v.Doctor, advance_days: int, path: str
) -> v.DoctorBookingForm:
    """A fortnight of the viewer's days, from the one asked for, or from the first with a free time.

    `path` is that of the page, whose query says from which day on.
    """
    if doctor.next_free_at is None:
        return form
    fmt = view.formats
    today, last = fmt.local(fmt.now).date(), fmt.local(fmt.now + timedelta(days=advance_days)).date()
    first_free = fmt.local(doctor.next_free_at).date()
    first = _date(view.request.query_params.get("from", "")) or max(today, min(first_free, last))
    first = min(max(first, today), max(last, today))
    if form.day and not first <= form.day < first + timedelta(days=DAYS):
        first = max(today, min(form.day, last))
    days = await days_of(view, doctor.id, first, min(DAYS, (last - first).days + 1))
    chosen = next((day.date for day in days for slot in day.slots if slot.id == form.slot), None)
    offered = {day.date for day in days}
    default = next((day.date for day in days if day.slots), days[0].date)
    before, after = max(today, first - timedelta(days=DAYS)), first + timedelta(days=DAYS)
    return replace(
        form,
        days=tuple(days),
        day=chosen or (form.day if form.day in offered else default),
        slot=form.slot if chosen else "",
        mode=form.mode or _first_mode(doctor, days),
        earlier=f"{path}?from={before}" if first > max(today, first_free) else None,
        later=f"{path}?from={after}" if after <= last else None,
    )


def _first_mode(doctor: v.Doctor, days: Sequence[v.Day]) -> v.Mode | Literal[""]:
    """Of the ways to meet the one that is free soonest; among equals the doctor's first."""
    first = next((slot for day in days for slot in day.slots), None)
    return next((mode for mode in doctor.modes if first and mode in first.modes), "")


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
