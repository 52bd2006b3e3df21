"""The page behind the link in a mail: GET shows a button, POST turns that kind of mail off (RFC 8058).

Nobody has to sign in, and a mail program posts without any page of ours: the address itself is the proof, so the form
needs no other, and the address goes into no log.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway.web.patient import views as v
from niyat.gateway.web.patient.messages import TEXT_VERSION
from niyat.gateway.web.site import View, page
from niyat.kernel.client import Refused

HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


@page
async def ask(view: View) -> Response:
    return await _answer(view, "GET")


@page
async def act(view: View) -> Response:
    """A mail program says `List-Unsubscribe=One-Click`; our page's button says nothing of the kind."""
    async with view.request.form(max_files=0, max_fields=10, max_part_size=1000) as form:
        way = "one-click" if form.get("List-Unsubscribe") == "One-Click" else "unsubscribe-page"
    return await _answer(view, "POST", {"way": way, "consent_text_version": TEXT_VERSION})


async def _answer(view: View, method: str, body: dict[str, str] | None = None) -> Response:
    token = quote(view.request.path_params["token"], safe="")
    notifications = view.site.clients["notifications"]
    try:
        found = await notifications.call(method, f"/api/v1/notifications/unsubscribe/{token}", json=body)
    except Refused:
        return view.error(404)
    shown = v.Unsubscribing(kind=found["type"], enabled=found["enabled"])
    return view.answer("patient/unsubscribe.html", headers=HEADERS, unsubscribing=shown)


routes = [
    Route("/unsubscribe/{token}", ask),
    Route("/unsubscribe/{token}", act, methods=["POST"]),
]
