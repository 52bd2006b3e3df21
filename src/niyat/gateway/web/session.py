"""A browser's session: identity's tokens in cookies that no script reads. The gateway itself keeps nothing.

The access cookie goes a minute before its token does, so the next request fetches the next one; identity leaves
two tabs 30 seconds to do that at once. Posts must come from our own pages: the browser's word for it
(`Sec-Fetch-Site`, `Origin`) or, from one that gives none, a token that only our pages and its cookie know.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from niyat.kernel.auth import Principal, TokenVerifier
from niyat.kernel.client import Refused, ServiceClient
from niyat.kernel.errors import Unauthenticated

ACCESS, REFRESH, NAME, CSRF = "niyat_access", "niyat_refresh", "niyat_name", "niyat_csrf"
REFRESH_SECONDS = 30 * 24 * 3600
EARLY_SECONDS = 60
LONGEST_COOKIE = 3800


class NotOurPage(Exception):
    """The post does not come from one of our own pages."""


class Visit:
    """One request's session. What it sets goes out as cookies with the answer."""

    def __init__(
        self, request: Request, identity: ServiceClient, verifier: TokenVerifier, *, secure: bool
    ) -> None:
        self._cookies: Mapping[str, str] = request.cookies
        self._identity = identity
        self._verifier = verifier
        self._secure = secure
        self._jar = Response()
        self._looked = False
        self._token: str | None = None
        self._principal: Principal | None = None
        self.csrf = self._cookies.get(CSRF, "")
        if len(self.csrf) < 20 or not self.csrf.isascii():
            self.csrf = secrets.token_urlsafe(24)
            self.set(CSRF, self.csrf, REFRESH_SECONDS)

    async def principal(self) -> Principal | None:
        """Who is signed in."""
        if not self._looked:
            self._looked = True
            self._token = self._cookies.get(ACCESS)
            self._principal = await self._verified() or await self._refreshed()
        return self._principal

    @property
    def known(self) -> Principal | None:
        """Who is signed in, as far as this request has found out."""
        return self._principal

    async def token(self) -> str | None:
        """The access token to call services with."""
        return self._token if await self.principal() else None

    async def _verified(self) -> Principal | None:
        try:
            return await self._verifier.verify(self._token) if self._token else None
        except Unauthenticated:
            return None

    async def _refreshed(self) -> Principal | None:
        refresh = self._cookies.get(REFRESH)
        if not refresh:
            return None
        try:
            pair = await self._identity.call("POST", "/api/v1/auth/refresh", json={"refresh_token": refresh})
        except Refused:
            self.end()
            return None
        self._keep(pair)
        return await self._verified()

    def begin(self, session: Mapping[str, Any]) -> None:
        """Keep a new session, as identity answered it."""
        self._keep(session)
        self._looked = False
        self.remember(session["account"])

    def remember(self, account: Mapping[str, Any]) -> None:
        """Keep what every page says of whoever is signed in."""
        about = {"name": account["name"] or "", "has_email": account["email"] is not None}
        self.keep(NAME, about, REFRESH_SECONDS)

    def end(self) -> None:
        """Forget the session, and with it whatever was typed."""
        self._token = self._principal = None
        for name in (ACCESS, REFRESH, NAME, "niyat_draft", "niyat_sign_in"):
            self.forget(name)

    def _keep(self, pair: Mapping[str, Any]) -> None:
        self._token = pair["access_token"]
        self.set(ACCESS, pair["access_token"], max(pair["expires_in"] - EARLY_SECONDS, 1))
        self.set(REFRESH, pair["refresh_token"], REFRESH_SECONDS)

    def set(self, name: str, value: str, seconds: int) -> None:
        """A cookie that no script reads and no other site's post carries."""
        self._jar.set_cookie(
            name, value, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite="lax"
        )

    def forget(self, name: str) -> None:
        if name in self._cookies:
            self._jar.delete_cookie(name, path="/", secure=self._secure, httponly=True, samesite="lax")

    def keep(self, name: str, value: Any, seconds: int) -> None:
        """Any JSON value in a cookie; too long a one is not kept."""
        encoded = urlsafe_b64encode(json.dumps(value, ensure_ascii=False).encode()).decode()
        if len(encoded) <= LONGEST_COOKIE:
            self.set(name, encoded, seconds)

    def kept(self, name: str) -> Any:
        """What `keep` kept, or None."""
        try:
            return json.loads(urlsafe_b64decode(self._cookies.get(name, "")))
        except ValueError:
            return None

    @property
    def set_cookies(self) -> list[tuple[bytes, bytes]]:
        return [header for header in self._jar.raw_headers if header[0] == b"set-cookie"]


class Sessions:
    """Gives every request its `request.state.visit`, and sends its cookies with the answer."""

    def __init__(
        self, app: ASGIApp, identity: ServiceClient, verifier: TokenVerifier, *, secure: bool
    ) -> None:
        self.app = app
        self._identity = identity
        self._verifier = verifier
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        visit = Visit(Request(scope), self._identity, self._verifier, secure=self._secure)
        scope.setdefault("state", {})["visit"] = visit

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start" and not _is_static(scope):
                headers = MutableHeaders(scope=message)
                for name, value in visit.set_cookies:
                    headers.append(name.decode(), value.decode("latin-1"))
            await send(message)

        await self.app(scope, receive, send_with_cookies)


def _is_static(scope: Scope) -> bool:
    return bool(scope["path"].startswith("/static/"))


async def own_form(request: Request) -> dict[str, str]:
    """The fields of a form that one of our own pages posted. Raises NotOurPage."""
    came_from = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if came_from not in (None, "same-origin", "none"):
        raise NotOurPage
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise NotOurPage
    async with request.form(max_files=0, max_fields=100, max_part_size=10_000) as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
    visit: Visit = request.state.visit
    # A browser that says itself where the post comes from needs no token: an old page of ours is ours, too.
    if came_from == "same-origin":
        return fields
    if not secrets.compare_digest(fields.get("csrf", "").encode(), visit.csrf.encode()):
        raise NotOurPage
    return fields


def safe_path(path: str | None, default: str = "/") -> str:
    """`path` when it leads to a page of ours, else `default`."""
    if not path or not path.startswith("/") or path[1:2] in ("/", "\\") or not path.isprintable():
        return default
    return path if len(path) <= 2000 and "\\" not in path else default
