"""Into the video room: the provider is asked for this person's own link at the moment they enter."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from niyat.gateway.web.patient.appointments import ONE, shown_in_detail
from niyat.gateway.web.patient.words import UNREACHABLE, said
from niyat.gateway.web.site import SignInFirst, View, page
from niyat.kernel.client import Refused
from niyat.kernel.errors import ServiceUnavailable

# The link is a password: no cache keeps it, and no page that it leads to is told where it came from.
PRIVATE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


@page
async def join(view: View) -> Response:
    view.signed_in()
    appointment_id = view.request.path_params["appointment_id"]
    path = f"/api/v1/appointments/{appointment_id}/room"
    try:
        room = await (await view.caller()).call("appointments", "GET", path)
    except Refused as error:
        if error.status == 401:
            raise SignInFirst(f"/my/appointments/{appointment_id}") from error
        if error.status == 404:
            return view.error(404)
        return await shown_in_detail(view, said(view, error), 409)
    except ServiceUnavailable:
        return await shown_in_detail(view, view.gettext(UNREACHABLE), 503)
    return RedirectResponse(room["url"], status_code=303, headers=PRIVATE)


routes = [Route(f"{ONE}/join", join)]
