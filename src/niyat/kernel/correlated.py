"""Outermost in every app: a correlation id for each request, and an answer even where it crashed."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from niyat.kernel import correlation
from niyat.kernel.log import MASKED, get_logger
from niyat.kernel.problem import INTERNAL_ERROR, problem

log = get_logger(__name__)


class Correlated:
    """Outermost: takes or makes the correlation id, returns it, and turns a crash into a 500 problem."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(correlation.HEADER.encode(), b"").decode("latin-1")
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [
                    *message.get("headers", ()),
                    (correlation.HEADER.encode(), correlation.correlation_id.get().encode()),
                ]
            await send(message)

        with correlation.bound(given if correlation.acceptable(given) else correlation.new_correlation_id()):
            try:
                await self.app(scope, receive, send_with_id)
            except Exception:
                log.exception("a request failed", method=scope["method"], path=shown_path(scope))
                if started:
                    raise
                answer = problem(500, *INTERNAL_ERROR)
                await answer(scope, receive, send_with_id)


def shown_path(scope: Scope) -> str:
    """The path without what only its owner may know: an address may itself be a password."""
    path: str = scope["path"]
    for name, value in scope.get("path_params", {}).items():
        if name in MASKED:
            path = path.replace(str(value), "***")
    return path
