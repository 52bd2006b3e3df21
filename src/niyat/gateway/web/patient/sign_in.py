"""Sign in with a code, and out. What was asked for is kept in a cookie, so that reloading asks for nothing anew."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway.web.patient import views as v
from niyat.gateway.web.patient.account import wants_to_know
from niyat.gateway.web.patient.words import UNREACHABLE, said
from niyat.gateway.web.session import own_form, safe_path
from niyat.gateway.web.site import View, page, redirect, uuid_of
from niyat.kernel.client import Refused
from niyat.kernel.errors import ServiceUnavailable

PENDING = "niyat_sign_in"
CODE_SECONDS = 600


@page
async def ask(view: View) -> Response:
    next_path = safe_path(view.request.query_params.get("next"))
    if view.who is not None:
        return redirect(next_path)
    return _show(view, v.SignIn(next_path=next_path))


@page
async def send(view: View) -> Response:
    fields = await own_form(view.request)
    contact, next_path = fields.get("contact", "").strip()[:200], safe_path(fields.get("next"))
    wish = {"email": contact} if "@" in contact else {"phone": contact}
    try:
        asked = wish | {"language": view.language, "requester": view.address}
        sent = await view.site.identity.call(
            "POST", "/internal/sign-in-codes", json=asked, timeout_seconds=20
        )
    except (Refused, ServiceUnavailable) as error:
        return _not_sent(view, contact, next_path, error)
    again = view.site.now() + timedelta(seconds=sent["resend_after_seconds"])
    pending = {
        "challenge": sent["challenge_id"],
        "contact": contact,
        "next": next_path,
        "again": again.timestamp(),
    }
    view.visit.keep(PENDING, pending, CODE_SECONDS)
    return redirect("/sign-in/code")


def _not_sent(view: View, contact: str, next_path: str, error: Refused | ServiceUnavailable) -> Response:
    pending = _pending(view)
    # Asked twice within the half minute: the code that was sent is still the one to enter.
    if isinstance(error, Refused) and error.status == 429 and pending and pending.contact == contact:
        return redirect("/sign-in/code")
    if isinstance(error, ServiceUnavailable):
        words = view.gettext(UNREACHABLE)
    elif error.status == 422:
        words = view.gettext("That is neither a mobile number nor an email address.")
    else:
        words = said(view, error)
    form = v.SignIn(contact=contact, next_path=next_path, errors={"contact": words})
    return _show(view, form, status=422)


@page
async def code(view: View) -> Response:
    if view.who is not None:
        return redirect("/")
    pending = _pending(view)
    return _show(view, pending) if pending else redirect("/sign-in")


@page
async def begin(view: View) -> Response:
    fields = await own_form(view.request)
    next_path = safe_path(fields.get("next"))
    digits = re.sub(r"\D", "", fields.get("code", "")[:40])
    challenge = fields.get("challenge", "")
    try:
        if len(digits) != 6 or not digits.isascii() or not uuid_of(challenge):
            raise Refused(422, {})
        session = await view.site.clients["identity"].call(
            "POST", "/api/v1/auth/sessions", json={"challenge_id": challenge, "code": digits}
        )
    except Refused as error:
        return _wrong_code(view, fields, error)
    view.visit.begin(session)
    view.visit.forget(PENDING)
    if wants_to_know(view, session["account"]):
        return redirect(f"/welcome?next={quote(next_path, safe='')}")
    return redirect(next_path)


def _wrong_code(view: View, fields: dict[str, str], error: Refused) -> Response:
    left = error.problem.get("tries_left")
    if error.status == 422:
        words = view.gettext("The code has six digits.")
    elif error.status != 401:
        words = said(view, error)
    elif left:
        words = view.gettext("That is not the code we sent. Tries left: %(number)s.") % {"number": left}
    else:
        words = view.gettext("That code is no longer valid. Ask for a new one.")
    contact = fields.get("contact", "")
    form = v.SignIn(
        contact=contact,
        sent_to=masked(contact),
        challenge=fields.get("challenge", ""),
        next_path=safe_path(fields.get("next")),
        errors={"code": words},
    )
    return _show(view, form, status=422)


@page
async def end(view: View) -> Response:
    await own_form(view.request)
    caller = await view.caller()
    if view.who is not None:
        with contextlib.suppress(Refused):
            await caller.call("identity", "POST", "/api/v1/auth/sign-out")
    view.visit.end()
    return redirect("/")


def _pending(view: View) -> v.SignIn | None:
    kept = view.visit.kept(PENDING)
    try:
        return v.SignIn(
            contact=str(kept["contact"]),
            sent_to=masked(str(kept["contact"])),
            challenge=str(kept["challenge"]),
            next_path=safe_path(str(kept["next"])),
            resend_after=datetime.fromtimestamp(float(kept["again"]), UTC),
        )
    except (TypeError, KeyError, ValueError, OverflowError):
        return None


def _show(view: View, form: v.SignIn, status: int = 200) -> Response:
    return view.answer("patient/sign_in.html", status=status, form=form)


def masked(contact: str) -> str:
    """Enough to know one's own address by."""
    name, at, host = contact.partition("@")
    return f"{name[:1]}•••{at}{host}" if at else f"••••• ••{contact[-3:]}"


routes = [
    Route("/sign-in", ask),
    Route("/sign-in", send, methods=["POST"]),
    Route("/sign-in/code", code),
    Route("/sign-in/code", begin, methods=["POST"]),
    Route("/sign-out", end, methods=["POST"]),
]
