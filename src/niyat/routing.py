"""Who serves what: one ordered table of (method, path template, service), the first match wins.

The embedded dispatcher below uses it; the configuration of a proxy in front is to come from it too. The path is
handed on unchanged, so a service behaves the same alone on its port. `/internal` is in no row: it is never public.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

FALLBACK = "gateway"


@dataclass(frozen=True, slots=True)
class Rule:
    """`template` names one segment by `{…}`; a `/**` at its end stands for the path itself and all below."""

    method: str | None
    template: str
    service: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression of the whole path, as the proxies use it too."""
        exact = re.sub(r"\{[^}]+\}", "[^/]+", self.template.removesuffix("/**"))
        return re.compile(f"^{exact}{'(/.*)?' if self.template.endswith('/**') else ''}$")


def _booking(prefix: str) -> tuple[Rule, ...]:
    return (
        Rule("POST", prefix, "gateway"),
        Rule("POST", prefix + "/{id}/confirm", "gateway"),
        Rule("POST", prefix + "/{id}/confirm-payment", "gateway"),
        Rule("PATCH", prefix + "/{id}/payment", "gateway"),
        Rule(None, prefix + "/**", "appointments"),
    )


RULES: tuple[Rule, ...] = (
    *_booking("/api/v1/appointments"),
    *_booking("/appointments"),
    Rule(None, "/api/v1/availability/**", "appointments"),
    Rule(None, "/api/v1/calendar-feeds/**", "appointments"),
    Rule(None, "/api/v1/doctors/**", "appointments"),
    Rule(None, "/api/v1/clinics/**", "appointments"),
    Rule(None, "/api/v1/family-members/**", "appointments"),
    Rule(None, "/api/v1/waitlist/**", "appointments"),
    Rule(None, "/api/v1/payments/**", "payments"),
    Rule(None, "/api/v1/ledger/**", "payments"),
    Rule(None, "/api/v1/payouts/**", "payments"),
    Rule(None, "/api/v1/reconciliation/**", "payments"),
    Rule(None, "/payments/**", "payments"),
    Rule(None, "/api/v1/notifications/**", "notifications"),
    Rule(None, "/api/v1/auth/**", "identity"),
    Rule(None, "/api/v1/accounts/**", "identity"),
    Rule(None, "/.well-known/jwks.json", "identity"),
    Rule(None, "/oauth/token", "identity"),
)

_COMPILED = tuple((rule.method, rule.pattern, rule.service) for rule in RULES)


@lru_cache(maxsize=4096)
def service_for(method: str, path: str) -> str:
    """The service that answers this public request."""
    for rule_method, pattern, service in _COMPILED:
        if rule_method in (None, method) and pattern.match(path):
            return service
    return FALLBACK


class Dispatcher:
    """The embedded edge: hands each request to its service's app, its path unchanged."""

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _answer_lifespan(receive, send)
            return
        path: str = scope["path"]
        service = FALLBACK if path.startswith("/internal") else service_for(scope.get("method", "GET"), path)
        await self._apps[service](scope, receive, send)


async def _answer_lifespan(receive: Receive, send: Send) -> None:
    # Start and stop are the composition root's, in its own order; the server only needs its answer.
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
