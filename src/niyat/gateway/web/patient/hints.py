"""Where an open page listens for hints that something changed."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway.live import of_account, of_doctor
from niyat.gateway.web.site import View, page, uuid_of


@page
async def live(view: View) -> Response:
    """The hints of one's own appointments, and of a doctor's free times if asked for."""
    topics = []
    if view.who is not None:
        topics.append(of_account(view.who.account_id))
    if doctor_id := uuid_of(view.request.query_params.get("doctor", "")):
        topics.append(of_doctor(doctor_id))
    return view.site.hub.answer(topics) if topics else Response(status_code=204)


routes = [Route("/live", live)]
