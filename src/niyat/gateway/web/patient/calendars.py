"""One's visits in one's own calendar: a file for each, and a private feed on the account's page.

The feed's address is a password, so it is shown in the one answer that made it and kept nowhere.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway.web.patient import views as v
from niyat.gateway.web.patient.appointments import ONE
from niyat.gateway.web.patient.reading import maybe_instant
from niyat.gateway.web.site import SignInFirst, View, page
from niyat.kernel.client import Refused

Json = dict[str, Any]

FEEDS = "/api/v1/calendar-feeds"


@page
async def one_visit(view: View) -> Response:
    """The visit as a file that every calendar takes."""
    view.signed_in()
    appointment_id = view.request.path_params["appointment_id"]
    path = f"/api/v1/appointments/{appointment_id}/calendar.ics"
    try:
        file = await view.site.clients["appointments"].file(path, bearer=await view.visit.token())
    except Refused as error:
        if error.status == 401:
            raise SignInFirst(f"/my/appointments/{appointment_id}") from error
        return view.error(404)
    headers = {name: file.headers[name] for name in ("content-type", "content-disposition")}
    return Response(file.content, headers=headers | {"cache-control": "no-store"})


async def feed_of(view: View, address: str = "") -> v.CalendarFeed | None:
    """How the feed stands; `address` when it was made just now. None for whoever has no visits."""
    if not view.signed_in().roles & {"patient", "doctor"}:
        return None
    feed = await (await view.caller()).call("appointments", "GET", FEEDS)
    return v.CalendarFeed(
        made_at=maybe_instant(feed["made_at"]), read_at=maybe_instant(feed["last_read_at"]), address=address
    )


async def make_feed(view: View) -> str:
    """A new private address; any before it leads nowhere from now on."""
    made: Json = await (await view.caller()).call("appointments", "POST", FEEDS)
    return str(made["address"])


async def revoke_feed(view: View) -> None:
    await (await view.caller()).call("appointments", "DELETE", FEEDS)


routes = [Route(f"{ONE}/calendar.ics", one_visit)]
