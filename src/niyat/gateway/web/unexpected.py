"""What nobody expected: a page that says so in one's own language, with an id to find it by in the log.

It shows no detail. `Mended` stands innermost, where session and language are known; `plainest` outermost.
"""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from niyat.gateway.web.security import CSP, HEADERS, policy
from niyat.gateway.web.site import View
from niyat.kernel.correlated import shown_path
from niyat.kernel.correlation import correlation_id
from niyat.kernel.log import get_logger

log = get_logger(__name__)

PLAINEST = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Niyat · नियत</title></head><body><main>
<h1>Something went wrong on our side</h1>
<p>It was noted. Whatever you had booked or paid is safe; look at
<a href="/my/appointments">your appointments</a> before you try again.</p>
<div lang="hi"><h2>हमारी ओर से कुछ गड़बड़ हुई</h2>
<p>हमने इसे दर्ज कर लिया है। आपकी बुकिंग और भुगतान सुरक्षित हैं; दोबारा कोशिश करने से पहले
<a href="/my/appointments">अपने अपॉइंटमेंट</a> देख लें।</p></div>
<p>{reference}</p></main></body></html>
"""


async def plainest(_request: Request, _: Exception) -> Response:
    """The answer where even `Mended` failed."""
    # Neither session nor language nor any template is known to be sound here, so this page has none.
    headers = {CSP: policy(), **HEADERS, "cache-control": "no-store"}
    return HTMLResponse(PLAINEST.format(reference=escape(correlation_id.get(""))), 500, headers)


class Mended:
    """Innermost: what no route expected becomes a page like any other, and its details go to the log alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception:
            if scope["type"] != "http" or started:
                raise
            log.exception("a page failed", method=scope["method"], path=shown_path(scope))
            answer = View(Request(scope)).error(500, correlation_id.get(""))
            await answer(scope, receive, send)
