"""A doctor's profile with the booking form, and the booking itself.

The form carries the Idempotency-Key made when it was shown, so pressing twice, reloading and going back book once.
Whoever must sign in first finds the form as it was left: it waits in a cookie of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Literal, cast
from uuid import uuid4

from pydantic import ValidationError
from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway.composites import BookBody, book
from niyat.gateway.web.patient import reading
from niyat.gateway.web.patient import views as v
from niyat.gateway.web.patient.free_times import DAYS, days_of
from niyat.gateway.web.patient.held import LIVE, ahead, held
from niyat.gateway.web.patient.words import UNREACHABLE, said
from niyat.gateway.web.session import own_form
from niyat.gateway.web.site import SignInFirst, View, page, redirect, uuid_of
from niyat.kernel.client import Refused
from niyat.kernel.errors import ServiceUnavailable

Json = dict[str, Any]

DRAFT = "niyat_draft"
DRAFT_SECONDS = 1800
MODES = ("VIDEO", "AUDIO", "IN_PERSON")


@page
async def profile(view: View) -> Response:
    doctor_id = str(view.request.path_params["doctor_id"])
    kept = view.visit.kept(DRAFT)
    form = v.DoctorBookingForm(days=(), slot=view.request.query_params.get("slot", ""))
    if isinstance(kept, dict) and kept.get("doctor") == doctor_id and not form.slot:
        form = _form(kept)
    return await _show(view, form)


@page
async def reserve(view: View) -> Response:
    doctor_id = str(view.request.path_params["doctor_id"])
    fields = await own_form(view.request)
    slot = fields.get(f"slot-{fields.get('day', '')}", "")
    draft = {name: fields.get(name, "") for name in ("day", "mode", "reason", "idempotency_key")}
    draft |= {"slot": slot, "doctor": doctor_id}
    form = _form(draft)
    if view.who is None:
        view.visit.keep(DRAFT, draft, DRAFT_SECONDS)
        raise SignInFirst(f"/doctors/{doctor_id}")
    if wrong := _wrong(view, form):
        return await _show(view, replace(form, errors=wrong), status=422)
    try:
        body = BookBody.model_validate(
            {"slot_id": form.slot, "consultation_type": form.mode, "reason_for_visit": form.reason or None}
        )
        booking = await book(body, await view.caller(form.idempotency_key))
    except ValidationError:
        wrong = {"reason": view.gettext("At most 500 characters, please.")}
        return await _show(view, replace(form, errors=wrong), status=422)
    except Refused as error:
        return await _refused(view, form, error)
    except ServiceUnavailable:
        return await _show(view, replace(form, errors={"form": view.gettext(UNREACHABLE)}), status=503)
    view.visit.forget(DRAFT)
    appointment_id = booking.appointment["appointment_id"]
    way = "pay" if booking.payment else "confirmed"
    return redirect(f"/my/appointments/{appointment_id}/{way}")


async def _refused(view: View, form: v.DoctorBookingForm, error: Refused) -> Response:
    if error.status == 401:
        raise SignInFirst(f"/doctors/{view.request.path_params['doctor_id']}")
    if error.code == "slot-taken":
        # By oneself, in another tab or before going back: that booking is what one wants to see.
        ours = (one for one in await ahead(view) if one["slot_id"] == form.slot and one["status"] in LIVE)
        if mine := next(ours, None):
            view.visit.forget(DRAFT)
            return redirect(f"/bookings/{mine['appointment_id']}")
    words = said(view, error)
    if error.code == "consultation-type-not-offered":
        wrong = {"slot": words}
    else:
        wrong = {"form": words}
        form = replace(form, slot="")
    # What is chosen next is another booking, so it gets a key of its own.
    return await _show(view, replace(form, idempotency_key="", errors=wrong), status=409)


def _form(draft: dict[str, Any]) -> v.DoctorBookingForm:
    text = {name: str(draft.get(name) or "") for name in ("day", "slot", "mode", "reason", "idempotency_key")}
    key = text["idempotency_key"]
    return v.DoctorBookingForm(
        days=(),
        day=_date(text["day"]),
        slot=text["slot"],
        mode=cast(v.Mode, text["mode"]) if text["mode"] in MODES else "",
        reason=text["reason"][:500],
        idempotency_key=key if uuid_of(key) else "",
    )


def _wrong(view: View, form: v.DoctorBookingForm) -> v.Errors:
    wrong: v.Errors = {}
    if not uuid_of(form.slot):
        wrong["slot"] = view.gettext("Choose a time.")
    if not form.mode:
        wrong["mode"] = view.gettext("Choose how you want to meet.")
    return wrong


async def _show(view: View, form: v.DoctorBookingForm, status: int = 200) -> Response:
    doctor_id = uuid_of(str(view.request.path_params["doctor_id"]))
    if doctor_id is None:
        return view.error(404)
    try:
        found = await view.site.clients["appointments"].call("GET", f"/api/v1/doctors/{doctor_id}")
    except Refused:
        return view.error(404)
    doctor = reading.doctor(found)
    shown = await _with_days(view, form, doctor, found["maximum_advance_days"])
    terms = view.site.terms
    view_of = v.DoctorProfile(
        doctor=doctor,
        bio=found["bio"],
        registration_number=found["registration_number"],
        tiers=reading.tiers(terms.tiers),
        held=await held(view),
        booking=replace(
            shown,
            idempotency_key=shown.idempotency_key or str(uuid4()),
            hold_minutes=max(terms.hold_seconds // 60, 1),
        ),
    )
    on_page = view.page(live=f"/live?doctor={doctor_id}")
    return view.answer("patient/doctor.html", status=status, page=on_page, profile=view_of)


async def _with_days(
    view: View, form: v.DoctorBookingForm, doctor: v.Doctor, advance_days: int
) -> v.DoctorBookingForm:
    """A fortnight of the viewer's days, from the one asked for, or from the first with a free time."""
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
    address = f"/doctors/{doctor.id}?from="
    return replace(
        form,
        days=tuple(days),
        day=chosen or (form.day if form.day in offered else default),
        slot=form.slot if chosen else "",
        mode=form.mode or _first_mode(doctor, days),
        earlier=f"{address}{max(today, first - timedelta(days=DAYS))}"
        if first > max(today, first_free)
        else None,
        later=f"{address}{first + timedelta(days=DAYS)}" if first + timedelta(days=DAYS) <= last else None,
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


routes = [
    Route("/doctors/{doctor_id}", profile),
    Route("/doctors/{doctor_id}", reserve, methods=["POST"]),
]
