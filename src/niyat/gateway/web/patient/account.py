"""Who one is to the clinic: a name and, for whoever signs in by phone, an email for receipts.

Asked for once, after the first sign-in, and never insisted on; afterwards it is on the page of one's account.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway.web.patient import views as v
from niyat.gateway.web.patient.calendars import feed_of, make_feed, revoke_feed
from niyat.gateway.web.patient.preferences import zones_for
from niyat.gateway.web.patient.words import UNREACHABLE, said
from niyat.gateway.web.session import own_form, safe_path
from niyat.gateway.web.shared.page import Toast
from niyat.gateway.web.site import SignInFirst, View, page, redirect
from niyat.kernel.client import Refused
from niyat.kernel.errors import ServiceUnavailable

Json = dict[str, Any]

ME = "/api/v1/accounts/me"
ASKED = "niyat_asked"
ASKED_SECONDS = 365 * 24 * 3600
SAVED = "saved"


def wants_to_know(view: View, account: Json) -> bool:
    """Whether to ask: something is missing, and this person was not asked here before."""
    return not (account["name"] and account["email"]) and view.visit.kept(ASKED) != account["account_id"]


@page
async def welcome(view: View) -> Response:
    view.signed_in()
    next_path = safe_path(view.request.query_params.get("next"))
    return _welcome(view, _profile(await _mine(view), next_path))


@page
async def account(view: View) -> Response:
    view.signed_in()
    toasts = (Toast(text=view.gettext("Saved.")),) if SAVED in view.request.query_params else ()
    return await _account(view, _profile(await _mine(view), "/account"), toasts=toasts)


@page
async def change(view: View) -> Response:
    fields = await own_form(view.request)
    asked = "later" in fields
    next_path = safe_path(fields.get("next"), "/account")
    who = view.signed_in("/account")
    view.visit.keep(ASKED, str(who.account_id), ASKED_SECONDS)
    typed = {name: fields.get(name, "").strip() for name in ("name", "email")}
    wish = {name: value for name, value in typed.items() if value}
    if (asked and fields["later"]) or not wish:
        return redirect(next_path)
    about = {"language": view.language, "time_zone": view.zone}
    try:
        mine = await (await view.caller()).call("identity", "PATCH", ME, wish | about)
    except (Refused, ServiceUnavailable) as error:
        profile = _profile(await _mine(view), next_path, typed, _wrong(view, error))
        return _welcome(view, profile, 422) if asked else await _account(view, profile, 422)
    view.visit.remember(mine)
    return redirect(next_path if asked else f"/account?{SAVED}=1")


@page
async def to_account(_: View) -> Response:
    return redirect("/account#calendar")


@page
async def calendar(view: View) -> Response:
    """Make the calendar feed's address, or another in its place, or have none."""
    fields = await own_form(view.request)
    view.signed_in("/account")
    if fields.get("feed") == "revoke":
        await revoke_feed(view)
        return redirect("/account#calendar")
    profile = _profile(await _mine(view), "/account")
    return await _account(view, profile, address=await make_feed(view))


async def _mine(view: View) -> Json:
    try:
        mine: Json = await (await view.caller()).call("identity", "GET", ME)
    except Refused as error:
        if error.status == 401:
            raise SignInFirst(view.path) from error
        raise
    return mine


def _wrong(view: View, error: Refused | ServiceUnavailable) -> v.Errors:
    if isinstance(error, ServiceUnavailable):
        return {"name": view.gettext(UNREACHABLE)}
    if error.code == "address-taken":
        return {"email": said(view, error)}
    words = {
        "name": view.gettext("That name is too long, or more than a name."),
        "email": view.gettext("That is not an email address."),
    }
    named = {str(one.get("field", "")) for one in error.problem.get("errors", ())}
    return {field: words[field] for field in words if field in named} or {"name": said(view, error)}


def _profile(
    mine: Json, next_path: str, typed: dict[str, str] | None = None, errors: v.Errors | None = None
) -> v.Profile:
    shown = typed or {"name": mine["name"] or "", "email": mine["email"] or ""}
    return v.Profile(
        **shown, phone=mine["phone"] or "", signs_in_with=mine["phone"] or mine["email"] or "",
        next_path=next_path, errors=errors or {},
    )  # fmt: skip


def _welcome(view: View, profile: v.Profile, status: int = 200) -> Response:
    return view.answer("patient/welcome.html", status=status, profile=profile)


async def _account(
    view: View,
    profile: v.Profile,
    status: int = 200,
    toasts: tuple[Toast, ...] = (),
    address: str = "",
) -> Response:
    """`address`: that of the calendar feed, when it was made just now; no cache keeps that answer."""
    return view.answer(
        "patient/account.html",
        status=status,
        page=view.page(path="/account", toasts=toasts),
        headers={"cache-control": "no-store"} if address else None,
        profile=profile,
        zones=zones_for(view),
        feed=await feed_of(view, address),
    )


routes = [
    Route("/welcome", welcome),
    Route("/account", account),
    Route("/account", change, methods=["POST"]),
    Route("/account/calendar", calendar, methods=["POST"]),
    # Whoever comes to where only a form leads, after signing in anew.
    Route("/account/calendar", to_account),
]
