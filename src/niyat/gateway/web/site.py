"""What every page's route works with: who looks, from where, and the services behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from niyat.gateway.composites import Caller
from niyat.gateway.live import Hub
from niyat.gateway.settings import GatewaySettings
from niyat.gateway.web.session import NAME, Visit
from niyat.gateway.web.shared.formats import Formats, zone_or
from niyat.gateway.web.shared.i18n import choose_language, translations
from niyat.gateway.web.shared.page import Account, Page, Theme
from niyat.gateway.web.shared.render import FRAGMENT, Renderer
from niyat.kernel.auth import Principal, TokenVerifier
from niyat.kernel.client import ServiceClient
from niyat.kernel.clock import Clock

DEFAULT_ZONE = "Asia/Kolkata"
THEMES: Mapping[str, Theme] = {"light": "light", "dark": "dark"}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What holds for new bookings: hours before → percent back, the most hours first; and how long a hold is.

    `room_open`: how long before and after a visit by video its room is open; None where there are no rooms.
    """

    tiers: Sequence[tuple[int, int]]
    hold_seconds: int
    room_open: tuple[timedelta, timedelta] | None = None


@dataclass(frozen=True, kw_only=True)
class Site:
    """Made once by the composition root. `clients` call in a visitor's name, `identity` in the gateway's own."""

    clients: dict[str, ServiceClient]
    identity: ServiceClient
    verifier: TokenVerifier
    clock: Clock
    hub: Hub
    renderer: Renderer
    settings: GatewaySettings
    terms: Terms
    public_url: str
    key_id: str

    def now(self) -> datetime:
        return self.clock.now()


class SignInFirst(Exception):
    """This page is for somebody who is signed in; afterwards one comes back to `next_path`."""

    def __init__(self, next_path: str) -> None:
        self.next_path = next_path


class View:
    """One request to a page: the site, the person, their language and zone."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.site: Site = request.app.state.site
        self.visit: Visit = request.state.visit
        self.who: Principal | None = self.visit.known
        cookies = request.cookies
        self.language = choose_language(cookies.get("language"), request.headers.get("accept-language", ""))
        self.zone = zone_or(_unquoted(cookies.get("zone")), DEFAULT_ZONE)

    @property
    def path(self) -> str:
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    @property
    def address(self) -> str:
        """The visitor's network address, as the server believes it (`NIYAT_TRUSTED_PROXIES`)."""
        return self.request.client.host if self.request.client else "unknown"

    @property
    def is_fragment(self) -> bool:
        return FRAGMENT in self.request.headers

    def gettext(self, message: str) -> str:
        return translations(self.language).gettext(message)

    @property
    def formats(self) -> Formats:
        return Formats(self.language, self.zone, self.site.now())

    async def look(self) -> None:
        """Find out who is signed in."""
        self.who = await self.visit.principal()

    def signed_in(self, next_path: str | None = None) -> Principal:
        """Who looks. Raises SignInFirst."""
        if self.who is None:
            raise SignInFirst(next_path or self.path)
        return self.who

    async def caller(self, key: str | None = None) -> Caller:
        """Services, in this person's name."""
        return Caller(self.site.clients, await self.visit.token(), key)

    def page(self, **more: Any) -> Page:
        account = None
        if self.who is not None:
            kept = self.visit.kept(NAME)
            about = kept if isinstance(kept, dict) else {}
            name = str(about.get("name") or "") or self.gettext("My account")
            account = Account(name=name, has_email=about.get("has_email") is not False)
        values: dict[str, Any] = {
            "language": self.language,
            "zone": self.zone,
            "now": self.site.now(),
            "path": self.path,
            "zone_known": "zone" in self.request.cookies,
            "zone_chosen": "zone_chosen" in self.request.cookies,
            "theme": THEMES.get(self.request.cookies.get("theme", ""), "system"),
            "csrf": self.visit.csrf,
            "account": account,
            "live": "/live" if account else None,
        }
        return Page(**(values | more))

    def answer(
        self, template: str, *, status: int = 200, page: Page | None = None, headers: Any = None, **view: Any
    ) -> Response:
        return self.site.renderer.answer(
            template, page or self.page(), status=status, headers=headers, **view
        )

    def error(self, code: int, reference: str = "") -> Response:
        return self.answer("shared/error.html", status=code, code=code, reference=reference)


Handler = Callable[[Request], Awaitable[Response]]


def page(handler: Callable[[View], Awaitable[Response]]) -> Handler:
    """A route's function from a page's function."""

    @wraps(handler)
    async def route(request: Request) -> Response:
        view = View(request)
        await view.look()
        return await handler(view)

    return route


def sign_in_first(view: View, next_path: str) -> Response:
    """To the sign-in page and back; a part of a page that is asked for again is told instead."""
    if view.is_fragment:
        return Response(status_code=401)
    return redirect(f"/sign-in?next={quote(next_path, safe='')}")


def redirect(path: str) -> RedirectResponse:
    """After a post: look at the page that shows what came of it."""
    return RedirectResponse(path, status_code=303, headers={"cache-control": "no-store"})


def uuid_of(text: str) -> UUID | None:
    """The id in a path or field, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _unquoted(value: str | None) -> str | None:
    return value.replace("%2F", "/").replace("%2f", "/") if value else value
