"""A doctor's profile with the booking form, and the booking itself.

The form carries the Idempotency-Key made when it was shown, so pressing twice, reloading and going back book once.
Whoever must sign in first finds the form as it was left: it waits in a cookie of theirs.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from pydantic import ValidationError
from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway.composites import BookBody, book
from niyat.gateway.web.patient import reading
from niyat.gateway.web.patient import views as v
from niyat.gateway.web.patient.choosing import FIELDS, form_of, missing, with_days
from niyat.gateway.web.patient.family import add_member, family_of
from niyat.gateway.web.patient.held import LIVE, ahead, held
from niyat.gateway.web.patient.words import UNREACHABLE, said
from niyat.gateway.web.session import own_form
from niyat.gateway.web.site import SignInFirst, View, page, redirect, uuid_of
from niyat.kernel.client import Refused
from niyat.kernel.errors import ServiceUnavailable

DRAFT = "niyat_draft"
DRAFT_SECONDS = 1800


@page
async def profile(view: View) -> Response:
    doctor_id = str(view.request.path_params["doctor_id"])
    kept = view.visit.kept(DRAFT)
    form = v.DoctorBookingForm(days=(), slot=view.request.query_params.get("slot", ""))
    if isinstance(kept, dict) and kept.get("doctor") == doctor_id and not form.slot:
        form = form_of(kept)
    return await _show(view, form)


@page
async def reserve(view: View) -> Response:
    doctor_id = str(view.request.path_params["doctor_id"])
    fields = await own_form(view.request)
    slot = fields.get(f"slot-{fields.get('day', '')}", "")
    draft = {name: fields.get(name, "") for name in FIELDS} | {"slot": slot, "doctor": doctor_id}
    form = form_of(draft)
    if view.who is None:
        view.visit.keep(DRAFT, draft, DRAFT_SECONDS)
        raise SignInFirst(f"/doctors/{doctor_id}")
    if "add" in fields:
        return await _add_member(view, form)
    if wrong := missing(view, form):
        return await _show(view, replace(form, errors=wrong), status=422)
    try:
        body = BookBody.model_validate(
            {
                "slot_id": form.slot,
                "consultation_type": form.mode,
                "reason_for_visit": form.reason or None,
                "family_member_id": form.visitor or None,
            }
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


async def _add_member(view: View, form: v.DoctorBookingForm) -> Response:
    """The form as it was left, with the new member chosen; what is sent next gets a key of its own."""
    wrong: v.Errors = {}
    if not form.member_name:
        wrong["member_name"] = view.gettext("Give a name.")
    elif form.member_relationship not in v.RELATIONSHIPS:
        wrong["member_relationship"] = view.gettext("Choose what they are to you.")
    if wrong:
        return await _show(view, replace(form, errors=wrong), status=422)
    try:
        added = await add_member(view, form)
    except Refused as error:
        if error.status != 422:
            raise
        wrong["member_name"] = view.gettext("That name is too long, or more than a name.")
        return await _show(view, replace(form, idempotency_key="", errors=wrong), status=422)
    return await _show(
        view, replace(form, visitor=added, member_name="", member_relationship="", idempotency_key="")
    )


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
    if error.code == "family-member-not-found":
        wrong, form = {"visitor": words}, replace(form, visitor="")
    elif error.code == "consultation-type-not-offered":
        wrong = {"slot": words}
    else:
        wrong = {"form": words}
        form = replace(form, slot="")
    # What is chosen next is another booking, so it gets a key of its own.
    return await _show(view, replace(form, idempotency_key="", errors=wrong), status=409)


async def _show(view: View, form: v.DoctorBookingForm, status: int = 200) -> Response:
    doctor_id = uuid_of(str(view.request.path_params["doctor_id"]))
    if doctor_id is None:
        return view.error(404)
    try:
        found = await view.site.clients["appointments"].call("GET", f"/api/v1/doctors/{doctor_id}")
    except Refused:
        return view.error(404)
    doctor = reading.doctor(found)
    shown = await with_days(view, form, doctor, found["maximum_advance_days"], f"/doctors/{doctor_id}")
    terms = view.site.terms
    view_of = v.DoctorProfile(
        doctor=doctor,
        bio=found["bio"],
        registration_number=found["registration_number"],
        tiers=reading.tiers(terms.tiers),
        held=await held(view),
        booking=replace(
            shown,
            family=await family_of(view),
            idempotency_key=shown.idempotency_key or str(uuid4()),
            hold_minutes=max(terms.hold_seconds // 60, 1),
        ),
    )
    on_page = view.page(live=f"/live?doctor={doctor_id}")
    return view.answer("patient/doctor.html", status=status, page=on_page, profile=view_of)


routes = [
    Route("/doctors/{doctor_id}", profile),
    Route("/doctors/{doctor_id}", reserve, methods=["POST"]),
]
