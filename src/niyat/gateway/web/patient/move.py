"""Move a visit to another time of the same doctor, with what it does to the price shown before one agrees.

Sending it twice moves once: the same key gives the same answer, and a visit that is at that time already is there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway.web.patient import reading
from niyat.gateway.web.patient import views as v
from niyat.gateway.web.patient.appointments import ONE, found, shown
from niyat.gateway.web.patient.choosing import form_of, missing, with_days
from niyat.gateway.web.patient.words import UNREACHABLE, said
from niyat.gateway.web.session import own_form
from niyat.gateway.web.site import View, page, redirect
from niyat.kernel.client import Refused
from niyat.kernel.errors import ServiceUnavailable
from niyat.kernel.money import Money

Json = dict[str, Any]

# Then there is nothing to move any more; the visit's own page says how it stands.
OVER = ("appointment-cancelled", "hold-lapsed", "illegal-move", "already-started")


@page
async def ask_move(view: View) -> Response:
    view.signed_in()
    visit = await found(view)
    if visit is None:
        return view.error(404)
    mode = visit["consultation_type"]
    return await _show(view, visit, v.DoctorBookingForm(days=(), mode=mode))


@page
async def move(view: View) -> Response:
    fields = await own_form(view.request)
    address = f"/my/appointments/{view.request.path_params['appointment_id']}"
    view.signed_in(f"{address}/move")
    visit = await found(view)
    if visit is None:
        return view.error(404)
    draft = {name: fields.get(name, "") for name in ("day", "mode", "idempotency_key")}
    form = form_of(draft | {"slot": fields.get(f"slot-{fields.get('day', '')}", "")})
    was = fields.get("was", "")
    done = redirect(f"{address}/moved?{urlencode({'was': was})}")
    if (visit["slot_id"], visit["consultation_type"]) == (form.slot, form.mode):
        return done
    if wrong := missing(view, form):
        return await _show(view, visit, replace(form, errors=wrong), 422)
    if wrong := await _unseen(view, visit, form, fields):
        return await _show(view, visit, replace(form, idempotency_key="", errors=wrong), 409)
    wish = {"slot_id": form.slot, "consultation_type": form.mode}
    path = f"/api/v1/appointments/{visit['appointment_id']}/reschedule"
    try:
        caller = await view.caller(form.idempotency_key or str(uuid4()))
        await caller.call("appointments", "POST", path, wish, step="reschedule")
    except Refused as error:
        return await _refused(view, form, error)
    except ServiceUnavailable:
        # The same key goes out again: should it have been moved already, it is so once.
        wrong = {"form": view.gettext(UNREACHABLE)}
        return await _show(view, visit, replace(form, errors=wrong), 503)
    return done


async def _unseen(view: View, visit: Json, form: v.DoctorBookingForm, fields: dict[str, str]) -> v.Errors:
    """What became different since the form was shown: nobody moves, or pays, what they did not see."""
    if reading.instant(visit["starts_at"]) != _moment(fields.get("was", "")):
        return {"form": view.gettext("This visit is at another time by now. Below is how it stands.")}
    doctor = await _listed(view, visit) or {"consultations": ()}
    fees = {one["consultation_type"]: str(one["fee_amount"]) for one in doctor["consultations"]}
    if form.mode in fees and fields.get(f"fee-{form.mode}") != fees[form.mode]:
        return {"form": view.gettext("The price has changed since you saw it.")}
    if fields.get("at-most", "") != str(_at_most(view, visit)):
        return {"form": view.gettext("What comes back has changed since you saw it.")}
    return {}


async def _refused(view: View, form: v.DoctorBookingForm, error: Refused) -> Response:
    visit = await found(view)
    if visit is None:
        return view.error(404)
    if error.code in OVER:
        return redirect(f"/my/appointments/{visit['appointment_id']}")
    if error.code == "consultation-type-not-offered":
        wrong = {"slot": said(view, error)}
    else:
        wrong, form = {"form": said(view, error)}, replace(form, slot="")
    # What is chosen next is another move, so it gets a key of its own.
    return await _show(view, visit, replace(form, idempotency_key="", errors=wrong), 409)


@page
async def moved(view: View) -> Response:
    view.signed_in()
    visit = await found(view)
    if visit is None:
        return view.error(404)
    if visit["status"] != "confirmed":
        return redirect(f"/my/appointments/{visit['appointment_id']}")
    appointment = shown(view, visit)
    before = _moment(view.request.query_params.get("was", ""))
    paid = (
        appointment.payment.amount if appointment.payment and appointment.payment.status != "failed" else None
    )
    back = paid.amount - appointment.price.amount if paid else 0
    view_of = v.Moved(
        appointment=appointment,
        before=before if before != appointment.starts_at else None,
        back=Money(back, appointment.price.currency) if back > 0 else None,
    )
    return view.answer("patient/moved.html", moved=view_of)


async def _show(view: View, visit: Json, form: v.DoctorBookingForm, status: int = 200) -> Response:
    appointment = shown(view, visit)
    address = f"/my/appointments/{appointment.id}"
    if not appointment.can_move:
        return redirect(address)
    doctor, filled = appointment.doctor, form
    if (answer := await _listed(view, visit)) is not None:
        doctor = reading.doctor(answer)
        filled = await with_days(view, form, doctor, answer["maximum_advance_days"], f"{address}/move")
    moving = v.Moving(
        appointment=appointment,
        doctor=doctor,
        booking=replace(filled, idempotency_key=filled.idempotency_key or str(uuid4())),
        costs=Money(visit["amount"] - visit["forfeited_amount"], visit["currency"]),
        at_most=_at_most(view, visit),
    )
    on_page = view.page(live=f"/live?doctor={doctor.id}")
    return view.answer("patient/move.html", status=status, page=on_page, moving=moving)


def _at_most(view: View, visit: Json) -> int | None:
    """What per cent of the price, or of a difference, comes back by now; None where that is all."""
    starts_at = reading.instant(visit["starts_at"])
    percent = reading.percent_now(reading.tiers_of(visit), starts_at, view.site.now())
    return percent if visit["amount"] and percent < 100 else None


async def _listed(view: View, visit: Json) -> Json | None:
    """The doctor, unless they see nobody new any more."""
    path = f"/api/v1/doctors/{visit['doctor_id']}"
    try:
        doctor: Json = await view.site.clients["appointments"].call("GET", path)
    except Refused:
        return None
    return doctor


def _moment(text: str) -> datetime | None:
    """The instant in a field or an address, if it is one."""
    try:
        found_at = reading.instant(text)
    except ValueError:
        return None
    return found_at if found_at.tzinfo else None


routes = [
    Route(f"{ONE}/move", ask_move),
    Route(f"{ONE}/move", move, methods=["POST"]),
    Route(f"{ONE}/moved", moved),
]
