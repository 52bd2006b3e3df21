"""Headers that every answer carries: a strict Content-Security-Policy and its companions.

Nothing inline is ever allowed, neither style nor script, and nothing from another host. The one exception is
the page on which someone pays: its route sends `checkout_headers(…)`; the middleware leaves that alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP = "content-security-policy"

OWN = "'self'"
NOTHING = "'none'"

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
# Two years, once a browser has seen us over TLS.
STRICT_TRANSPORT = "max-age=63072000"


def policy(scripts: Sequence[str] = (), frames: Sequence[str] = (), forms: Sequence[str] = ()) -> str:
    """A Content-Security-Policy of our own host and, by kind, further origins. Never anything inline."""
    directives = {
        "default-src": (NOTHING,),
        "script-src": (OWN, *scripts),
        "style-src": (OWN,),
        "img-src": (OWN, *scripts),
        "font-src": (OWN,),
        "connect-src": (OWN, *scripts, *frames),
        "frame-src": tuple(frames) or (NOTHING,),
        "form-action": (OWN, *forms),
        "manifest-src": (OWN,),
        "base-uri": (NOTHING,),
        "frame-ancestors": (NOTHING,),
        "object-src": (NOTHING,),
    }
    return "; ".join(f"{name} {' '.join(dict.fromkeys(sources))}" for name, sources in directives.items())


def checkout_headers(script_origin: str, api_origin: str) -> Mapping[str, str]:
    """For the page on which someone pays: the checkout's script, frame and hosted page, bank pop-ups."""
    payment = f'payment=(self "{api_origin}")'
    return {
        CSP: policy(scripts=(script_origin,), frames=(api_origin,), forms=(api_origin,)),
        "cross-origin-opener-policy": "same-origin-allow-popups",
        "permissions-policy": f"camera=(), microphone=(), geolocation=(), usb=(), {payment}",
    }


class SecurityHeaders:
    """Adds what the answer does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._headers = {CSP: policy(), **HEADERS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope.get("scheme") == "https":
                    headers.setdefault("strict-transport-security", STRICT_TRANSPORT)
            await send(message)

        await self.app(scope, receive, send_secured)
