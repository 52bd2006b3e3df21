"""Between hold and confirmation: pay, try again, wait, or learn that the time is gone.

Nothing here decides: every state is read from what appointments and payments say at this moment.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway import composites
from niyat.gateway.web.patient import reading
from niyat.gateway.web.patient import views as v
from niyat.gateway.web.patient.appointments import found
from niyat.gateway.web.patient.free_times import free_times
from niyat.gateway.web.patient.words import FAILURES
from niyat.gateway.web.security import checkout_headers
from niyat.gateway.web.session import own_form
from niyat.gateway.web.site import View, page, redirect
from niyat.kernel.client import Refused

Json = dict[str, Any]

CLOSED = "closed"


@page
async def booking(view: View) -> Response:
    """Where the provider's page and our messages lead: on to the page that fits how the booking stands."""
    appointment_id = view.request.path_params["appointment_id"]
    view.signed_in()
    visit = await found(view)
    if visit is None:
        return view.error(404)
    return redirect(f"/my/appointments/{appointment_id}{_way(visit)}")


def _way(visit: Json) -> str:
    if visit["status"] in ("reserved", "pending-payment", "expired"):
        return "/pay"
    return "/confirmed" if visit["status"] == "confirmed" else ""


@page
async def pay(view: View) -> Response:
    view.signed_in()
    visit = await found(view)
    if visit is None:
        return view.error(404)
    address = f"/my/appointments/{visit['appointment_id']}"
    open_payment = await _newest_payment(view, visit)
    checkout = await _checkout(view, visit, open_payment)
    if checkout is None and not view.is_fragment:
        return redirect(address + _way(visit))
    if checkout is None:  # the part asks the page to go where the booking is told now
        gone = reading.appointment(visit, now=view.site.now())
        checkout = v.Checkout(appointment=gone, state="confirming")
    settings = view.site.settings
    headers = checkout_headers(settings.script_origin, settings.page_origin) if checkout.gateway else None
    return view.answer("patient/checkout.html", headers=headers, checkout=checkout)


@page
async def start(view: View) -> Response:
    """Begin to pay: asking again gives the same order."""
    appointment_id = view.request.path_params["appointment_id"]
    await own_form(view.request)
    view.signed_in(f"/my/appointments/{appointment_id}/pay")
    caller = await view.caller()
    try:
        await caller.call(
            "payments", "POST", "/api/v1/payments/initiate", {"appointment_id": str(appointment_id)}
        )
    except Refused as error:
        if error.status == 404:
            return view.error(404)
    return redirect(f"/bookings/{appointment_id}")


@page
async def paid(view: View) -> Response:
    """What the checkout's script handed to the page; wrong or not, the booking's page says what is true."""
    appointment_id = view.request.path_params["appointment_id"]
    fields = await own_form(view.request)
    view.signed_in(f"/my/appointments/{appointment_id}/pay")
    try:
        names = composites.CheckoutBody.model_fields
        body = composites.CheckoutBody.model_validate({name: fields.get(name) for name in names})
        await composites.confirm_payment(appointment_id, body, await view.caller(), Response())
    except (ValidationError, Refused):
        return redirect(f"/my/appointments/{appointment_id}/pay")
    return redirect(f"/bookings/{appointment_id}")


async def _newest_payment(view: View, visit: Json) -> Json | None:
    """The one that says most: money that was seen before an order that waits, the newest first."""
    caller = await view.caller()
    path = f"/api/v1/payments/appointment/{visit['appointment_id']}"
    items: list[Json] = (await caller.call("payments", "GET", path))["items"]
    spoken = [one for one in items if one["outcome"] not in ("payable", "failed", "not-charged")]
    return next(iter(spoken or items), None)


async def _checkout(view: View, visit: Json, payment: Json | None) -> v.Checkout | None:
    """None when this page has nothing to say any more: the visit is confirmed, cancelled or over."""
    if visit["status"] not in ("reserved", "pending-payment", "expired"):
        return None
    outcome = payment["outcome"] if payment else "payable"
    # Set aside for staff and captured without a booking yet are money seen, too.
    seen = visit["secured"] or outcome in ("processing", "captured", "confirmed", "set-aside")
    shown = reading.appointment(
        visit,
        now=view.site.now(),
        hold_seconds=view.site.terms.hold_seconds,
        securing=seen,
    )
    if seen:
        return v.Checkout(appointment=shown, state="confirming")
    if visit["status"] == "expired" or reading.instant(visit["hold_expires_at"]) <= view.site.now():
        states: dict[str, v.CheckoutState] = {
            "refunding": "refunding",
            "refunded": "refunding",
            "not-charged": "not-charged",
        }
        others = await free_times(view, visit["doctor_id"])
        return v.Checkout(appointment=shown, state=states.get(outcome, "lapsed"), others=others)
    state: v.CheckoutState = "ready"
    if shown.payment is not None and shown.payment.status == "failed":
        state = "failed"
    elif CLOSED in view.request.query_params:
        state = "dismissed"
    failure = (payment["failure"] if payment and state == "failed" else None) or {}
    known_reason = FAILURES.get(failure.get("reason_code", ""))
    open_order = payment is not None and outcome == "payable" and payment["order_id"]
    return v.Checkout(
        appointment=shown,
        state=state,
        gateway=_gateway(view, payment) if payment and open_order else None,
        hosted=_hosted(view, payment) if payment and open_order else None,
        problem=view.gettext(known_reason) if known_reason else "",
        bank_says=failure.get("description") or "",
        paid_path=f"/my/appointments/{shown.id}/paid",
        closed=CLOSED in view.request.query_params,
        troubles=await _troubles(view),
    )


async def _troubles(view: View) -> tuple[v.Trouble, ...]:
    """What the gateway has trouble with at this moment."""
    caller = await view.caller()
    found: list[Json] = (await caller.call("payments", "GET", "/api/v1/payments/downtimes"))["items"]
    return reading.troubles(found)


def _callback(view: View, payment: Json) -> str:
    return (
        f"{view.site.public_url}/api/v1/payments/callback?{urlencode({'payment_id': payment['payment_id']})}"
    )


def _gateway(view: View, payment: Json) -> v.GatewayCheckout:
    return v.GatewayCheckout(
        script=view.site.settings.checkout_script,
        key_id=view.site.key_id,
        order_id=payment["order_id"],
        callback_url=_callback(view, payment),
    )


def _hosted(view: View, payment: Json) -> v.HostedCheckout:
    back = f"{view.site.public_url}/my/appointments/{payment['appointment_id']}/pay?{CLOSED}=1"
    fields = {
        "key_id": view.site.key_id,
        "order_id": payment["order_id"],
        "amount": str(payment["amount"]),
        "currency": payment["currency"],
        "name": "Niyat",
        "callback_url": _callback(view, payment),
        "cancel_url": back,
    }
    return v.HostedCheckout(action=view.site.settings.checkout_page, fields=fields)


routes = [
    Route("/bookings/{appointment_id:uuid}", booking),
    Route("/my/appointments/{appointment_id:uuid}/pay", pay),
    Route("/my/appointments/{appointment_id:uuid}/pay", start, methods=["POST"]),
    Route("/my/appointments/{appointment_id:uuid}/paid", paid, methods=["POST"]),
]
