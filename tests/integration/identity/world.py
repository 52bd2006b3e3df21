"""Identity as its callers see it: over HTTP, with a phone and a mailbox that remember, and a clock that moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from pydantic import SecretStr

from niyat.identity.checks import CHECKS
from niyat.identity.commands.create_admin import create_admin
from niyat.identity.errors import CodeNotSent
from niyat.identity.hashing import Keyed
from niyat.identity.keys import SigningKeys
from niyat.identity.parts import Parts
from niyat.identity.ports import OneTimeCode
from niyat.identity.service import prepare, wire
from niyat.identity.settings import IdentitySettings
from niyat.identity.tokens import Tokens
from niyat.kernel.auth import TokenVerifier
from niyat.kernel.clock import Clock
from niyat.kernel.db import Database
from niyat.kernel.errors import ServiceUnavailable
from niyat.kernel.settings import Settings
from niyat.service import Context, Service
from tests.support.postgres import Databases

SECRET = SecretStr("a secret of identity that is long enough")
CLIENT_SECRET = SecretStr("the secret of notifications, also long enough")
PHONE = "+919876543210"
EMAIL = "asha@example.com"
START = datetime(2090, 1, 15, 9, 0, tzinfo=UTC)

Json = dict[str, Any]


@dataclass
class Outbox:
    """A CodeSender that keeps what it was given, then may not answer; or refuses."""

    sent: list[OneTimeCode] = field(default_factory=list)
    silent: bool = False
    refuses: bool = False

    async def send(self, code: OneTimeCode) -> None:
        if self.refuses:
            raise CodeNotSent
        self.sent.append(code)
        if self.silent:
            raise ServiceUnavailable

    def code(self, challenge_id: str) -> str:
        return next(c.code for c in self.sent if c.challenge_id == UUID(challenge_id))


@dataclass
class World:
    """One identity service, and the means to drive it."""

    service: Service
    databases: Databases
    outbox: Outbox
    clock: Clock
    settings: IdentitySettings
    http: httpx.AsyncClient
    moment: datetime = START

    @property
    def db(self) -> Database:
        return self.service.db

    async def set_clock(self, moment: datetime) -> None:
        self.moment = moment
        owner = await asyncpg.connect(self.databases.owner_url("identity"))
        await owner.execute("UPDATE niyat_clock SET frozen_at = $1", moment)
        await owner.close()
        self.clock.stand_at(moment)

    async def later(self, **by: float) -> None:
        await self.set_clock(self.moment + timedelta(**by))

    async def ask(self, **address: str) -> Json:
        """A challenge for `phone=` or `email=`."""
        answer = await self.http.post("/api/v1/auth/codes", json=address)
        assert answer.status_code == 202, answer.text
        body: Json = answer.json()
        return body

    async def enter(self, challenge: Json, code: str | None = None, **more: Any) -> httpx.Response:
        """Send back the right code, or `code`."""
        code = code if code is not None else self.outbox.code(challenge["challenge_id"])
        body = {"challenge_id": challenge["challenge_id"], "code": code, **more}
        return await self.http.post("/api/v1/auth/sessions", json=body)

    async def sign_in(self, **address: str) -> Json:
        answer = await self.enter(await self.ask(**address))
        assert answer.status_code == 201, answer.text
        body: Json = answer.json()
        return body

    async def refresh(self, token: str) -> httpx.Response:
        return await self.http.post("/api/v1/auth/refresh", json={"refresh_token": token})

    async def get(self, path: str, session: Json) -> httpx.Response:
        return await self.http.get(path, headers=bearer(session))

    async def admin(self) -> Json:
        """A session of an admin."""
        await self.db.run(create_admin, name="Meera", email="meera@example.com")
        return await self.sign_in(email="meera@example.com")

    def verifier(self) -> TokenVerifier:
        """As another service verifies: with the keys that it gets over HTTP."""

        async def fetch() -> Json:
            body: Json = (await self.http.get("/.well-known/jwks.json")).json()
            return body

        return TokenVerifier(fetch, issuer="niyat", clock=self.clock)

    async def audit(self) -> dict[str, list[Json]]:
        """The checks that find something, as the audit's own role sees it."""
        conn = await asyncpg.connect(self.databases.audit_url("identity"))
        try:
            found = {check.name: [dict(row) for row in await conn.fetch(check.sql)] for check in CHECKS}
        finally:
            await conn.close()
        return {name: rows for name, rows in found.items() if rows}


def bearer(session: Json) -> dict[str, str]:
    return {"authorization": f"Bearer {session['access_token']}"}


def wrong(code: str) -> str:
    """A code that differs from `code`."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def _no_verifier(clock: Clock) -> TokenVerifier:
    """Identity makes its own; this one accepts nothing."""

    async def no_keys() -> Json:
        return {"keys": []}

    return TokenVerifier(no_keys, issuer="nobody", clock=clock)


@asynccontextmanager
async def identity(databases: Databases, **settings: Any) -> AsyncIterator[World]:
    """The service on its own database, at START; the audit is clean when it closes."""
    db = await Database.connect(databases.url("identity"))
    clock, outbox = Clock(), Outbox()
    known = IdentitySettings(code_secret=SECRET, notifications_client_secret=CLIENT_SECRET, **settings)
    context = Context(
        settings=Settings(),
        db=db,
        clock=clock,
        clients={},
        verifier=_no_verifier(clock),
    )
    owner = await asyncpg.connect(databases.owner_url("identity"))
    await owner.execute("UPDATE niyat_clock SET frozen_at = $1", START)
    await owner.close()
    clock.stand_at(START)
    keyed = Keyed(SECRET)
    tokens = Tokens(SigningKeys(db, keyed, clock), context.settings.token_issuer, clock)
    parts = Parts(db=db, settings=known, keyed=keyed, tokens=tokens, sender=outbox)
    await prepare(parts)
    service = wire(context, parts)
    transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://identity") as http:
        world = World(service, databases, outbox, clock, known, http)
        try:
            yield world
        finally:
            found = await world.audit()
            await db.close()
    assert found == {}
