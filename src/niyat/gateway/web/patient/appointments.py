"""My appointments, one of them, and its cancellation with the refund shown before one agrees."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway.web.patient import reading
from niyat.gateway.web.patient import views as v
from niyat.gateway.web.patient.words import said
from niyat.gateway.web.session import own_form
from niyat.gateway.web.site import SignInFirst, View, page, redirect, uuid_of
from niyat.kernel.client import Refused
from niyat.kernel.money import Money

Json = dict[str, Any]
YEARS_BACK = timedelta(days=730)
MOST_PAGES = 10


async def found(view: View) -> Json | None:
    """The appointment of the path, if it is this person's."""
    caller = await view.caller()
    path = f"/api/v1/appointments/{view.request.path_params['appointment_id']}"
    try:
        visit: Json = await caller.call("appointments", "GET", path)
    except Refused as error:
        if error.status == 401:
            raise SignInFirst(view.path) from error
        return None
    return visit


@page
async def mine(view: View) -> Response:
    who = view.signed_in()
    caller = await view.caller()
    since = (view.site.now() - YEARS_BACK).isoformat().replace("+00:00", "Z")
    params = {"patient_id": str(who.account_id), "from": since, "limit": "100"}
    visits: list[v.Appointment] = []
    for _ in range(MOST_PAGES):
        some = await caller.call("appointments", "GET", "/api/v1/appointments", params=params)
        visits += [shown(view, visit) for visit in some["items"]]
        if some["next_cursor"] is None:
            break
        params["cursor"] = some["next_cursor"]
    return view.answer("patient/appointments.html", list=reading.appointments(visits, view.site.now()))


def shown(view: View, visit: Json) -> v.Appointment:
    """As it stands now."""
    terms = view.site.terms
    return reading.appointment(
        visit, now=view.site.now(), hold_seconds=terms.hold_seconds, room_open=terms.room_open
    )


async def _detail(view: View, problem: str = "") -> v.AppointmentDetail | None:
    visit = await found(view)
    if visit is None:
        return None
    appointment = shown(view, visit)
    reason = visit["reason_for_visit"] or ""
    return v.AppointmentDetail(
        appointment=appointment, reason=reason, story=reading.story(visit), problem=problem
    )


@page
async def one(view: View) -> Response:
    view.signed_in()
    return await shown_in_detail(view)


async def shown_in_detail(view: View, problem: str = "", status: int = 200) -> Response:
    """The page of the path's appointment; `problem` says why it could not be as one wished."""
    detail = await _detail(view, problem)
    if detail is None:
        return view.error(404)
    return view.answer("patient/appointment.html", status=status, detail=detail)


@page
async def receipt(view: View) -> Response:
    """The receipt of what this visit was paid with, in the reader's language and by the reader's clocks."""
    view.signed_in()
    visit = await found(view)
    if visit is None or visit["payment"] is None:
        return view.error(404)
    path = f"/api/v1/payments/{visit['payment']['payment_id']}/receipt.pdf"
    reader = {"language": "hi" if view.language == "hi" else "en", "time_zone": view.zone}
    try:
        file = await view.site.clients["payments"].file(path, params=reader, bearer=await view.visit.token())
    except Refused:  # it is made within moments of the payment
        return view.error(404)
    kept = ("content-type", "content-disposition")
    return Response(file.content, headers={name: file.headers[name] for name in kept})


@page
async def confirmed(view: View) -> Response:
    view.signed_in()
    detail = await _detail(view)
    if detail is None:
        return view.error(404)
    if detail.appointment.status != "confirmed":
        return redirect(f"/my/appointments/{detail.appointment.id}")
    return view.answer("patient/confirmed.html", detail=detail)


@page
async def ask_cancel(view: View) -> Response:
    view.signed_in()
    return await _cancellation(view, str(uuid4()))


@page
async def cancel(view: View) -> Response:
    appointment_id = view.request.path_params["appointment_id"]
    fields = await own_form(view.request)
    view.signed_in(f"/my/appointments/{appointment_id}/cancel")
    key = fields.get("idempotency_key", "")
    key = key if uuid_of(key) else str(uuid4())
    path = f"/api/v1/appointments/{appointment_id}"
    caller = await view.caller(key)
    try:
        preview = await caller.call("appointments", "GET", f"{path}/cancellation")
        if str(preview["amount_owed_back"]) != fields.get("quote"):
            words = view.gettext("The amount you get back has changed since you saw it.")
            return await _cancellation(view, key, words)
        await caller.call("appointments", "POST", f"{path}/cancel", {}, step="cancel")
    except Refused as error:
        if error.status == 404:
            return view.error(404)
        if error.code == "already-started":
            return await _cancellation(view, key, said(view, error))
    # Whatever refused it (cancelled already, expired meanwhile): its page says how it stands.
    return redirect(f"/my/appointments/{appointment_id}")


async def _cancellation(view: View, key: str, wrong: str = "") -> Response:
    visit = await found(view)
    if visit is None:
        return view.error(404)
    caller = await view.caller()
    path = f"/api/v1/appointments/{visit['appointment_id']}/cancellation"
    try:
        preview = await caller.call("appointments", "GET", path)
    except Refused:
        return redirect(f"/my/appointments/{visit['appointment_id']}")
    appointment = shown(view, visit)
    kinds, amount = reading.tiers_of(visit), visit["amount"]
    view_of = v.Cancellation(
        appointment=appointment,
        refund=Money(preview["amount_owed_back"], visit["currency"]),
        percent=round(100 * preview["amount_owed_back"] / amount) if amount else 0,
        tiers=kinds,
        less_after=reading.less_after(kinds, appointment.starts_at, view.site.now()),
        quote=str(preview["amount_owed_back"]),
        idempotency_key=key,
        errors={"form": wrong} if wrong else {},
    )
    return view.answer("patient/cancel.html", status=409 if wrong else 200, cancellation=view_of)


ONE = "/my/appointments/{appointment_id:uuid}"
routes = [
    Route("/my/appointments", mine),
    Route(ONE, one),
    Route(f"{ONE}/receipt.pdf", receipt),
    Route(f"{ONE}/confirmed", confirmed),
    Route(f"{ONE}/cancel", ask_cancel),
    Route(f"{ONE}/cancel", cancel, methods=["POST"]),
]
