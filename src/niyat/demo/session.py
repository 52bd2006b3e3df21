"""Somebody who speaks to Niyat over HTTP, as an integrator would: signs in with a code, then calls the API."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx

from niyat.kernel.errors import NiyatError


class DemoFailed(NiyatError):
    """A step of the demo did not get the answer it should have."""


@dataclass
class Session:
    """An account's access to the API at `http`."""

    http: httpx.AsyncClient
    account: dict[str, Any]

    async def call(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        """The JSON answer. Raises DemoFailed, showing what came instead."""
        return await call(self.http, method, path, json, **options)


async def call(http: httpx.AsyncClient, method: str, path: str, json: Any = None, **options: Any) -> Any:
    """The JSON answer of a request that must succeed. Raises DemoFailed."""
    response = await http.request(method, path, json=json, **options)
    if not response.is_success:
        raise DemoFailed(f"{method} {path} answered {response.status_code}: {response.text}")
    return response.json() if response.content else None


async def sign_in(address: str, sandbox_url: str, *, name: str, phone: str = "", email: str = "") -> Session:
    """Ask for a code, read it from the sandbox's phone or mailbox, and sign in with it."""
    http = httpx.AsyncClient(base_url=address, timeout=30)
    async with httpx.AsyncClient(base_url=sandbox_url, timeout=30) as sandbox:
        place, to = ("/phone", phone) if phone else ("/mailbox", email)
        last = await call(sandbox, "GET", place, params={"to": to})
        after = last[0]["id"] if last else 0
        to_whom = {"phone": phone} if phone else {"email": email}
        challenge = await call(http, "POST", "/api/v1/auth/codes", to_whom)
        code = await _code(sandbox, place, to, after)
    session = await call(
        http,
        "POST",
        "/api/v1/auth/sessions",
        {"challenge_id": challenge["challenge_id"], "code": code, "name": name},
    )
    http.headers["authorization"] = f"Bearer {session['access_token']}"
    return Session(http, session["account"])


async def _code(sandbox: httpx.AsyncClient, place: str, to: str, after: int) -> str:
    """The six digits of the newest message to `to` after `after`; the sandbox waits for it."""
    messages = await call(sandbox, "GET", place, params={"to": to, "after": after, "wait_seconds": 15})
    for message in messages:
        if found := re.search(r"\b(\d{6})\b", message.get("body") or message.get("text") or ""):
            return found[1]
    raise DemoFailed(f"no sign-in code came to {to}")
