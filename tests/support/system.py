"""The whole of Niyat for a test: every service over this test's databases, served on loopback, with the sandbox.

`system` runs like `niyat up`, in this process: pages and webhooks arrive over real HTTP. Time is moved by
`system.clock`, everywhere at once. When the test ends, everything is settled and the audit must be clean.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest_asyncio
import uvicorn

from niyat.app import SERVICES, Niyat, assemble
from niyat.audit import Report, audit
from niyat.configuration import (
    BOUNCES_PATH,
    SANDBOX_RETURN_PATH,
    Configuration,
    from_environment,
    provided_by_sandbox,
)
from niyat.embedded.secrets import NAMES, fresh
from niyat.identity.commands.create_admin import create_admin
from niyat.kernel.clock import Clock
from niyat.kernel.settings import Settings, load
from niyat.serving import server_config
from tests.support.postgres import Databases
from tests.support.sandbox import Account, Json, Sandbox

PATIENCE_SECONDS = 20.0


class TimeController:
    """Moves every clock to one value: the databases', the sandbox's and that of tokens. Never backwards."""

    def __init__(self, niyat: Niyat, databases: Databases, sandbox: Sandbox) -> None:
        self._niyat = niyat
        self._databases = databases
        self._sandbox = sandbox

    async def now(self) -> datetime:
        return await self._niyat.services["appointments"].db.fetchval("SELECT niyat_now()")  # type: ignore[no-any-return]

    async def move(self, **by: float) -> None:
        """Move on by a `timedelta(**by)`, then let everything that is due happen."""
        await self.move_to(await self.now() + timedelta(**by))

    async def pass_by(self, **by: float) -> None:
        """Move on by a `timedelta(**by)` while everything goes on as it is, in the middle of whatever it does."""
        await self._sandbox.shift_clock(timedelta(**by).total_seconds(), freeze=False)
        await self.follow_sandbox()

    async def move_to(self, moment: datetime) -> None:
        """Pause everything, set every clock to `moment` and let it tick from there, go on."""
        await self._niyat.pause()
        missing = moment.timestamp() - await self._sandbox.now()
        if missing > 0:  # else the sandbox ticked past it meanwhile, as it does on a slow machine
            await self._sandbox.shift_clock(missing, freeze=False)
        await self.follow_sandbox()
        self._niyat.resume()

    async def follow_sandbox(self) -> None:
        """Set every clock to the sandbox's, which serves many tests and is never set back.

        Each by as much: one that is wrong on purpose, as this process's may be, stays wrong by as much.
        """
        shift = await self._shift()
        for service in SERVICES:
            connection = await asyncpg.connect(self._databases.superuser_url(service))
            try:  # the answer took a moment to come, by which this must not set anything back
                await connection.execute(
                    "UPDATE niyat_clock SET shift = greatest(shift, $1), frozen_at = NULL", shift
                )
            finally:
                await connection.close()
        self._niyat.clock.tick_from(datetime.now(UTC) + shift)

    async def _shift(self) -> timedelta:
        """How far the sandbox is ahead of the machine, by whose clock PostgreSQL goes, whatever this process's says."""
        connection = await asyncpg.connect(self._databases.superuser_url(SERVICES[0]))
        try:
            theirs = datetime.fromtimestamp(await self._sandbox.now(), UTC)
            return await connection.fetchval("SELECT $1 - clock_timestamp()", theirs)  # type: ignore[no-any-return]
        finally:
            await connection.close()


class Caller:
    """Somebody's access to the API. `call` expects success, `ask` returns whatever came."""

    def __init__(self, http: httpx.AsyncClient, account: Json | None = None) -> None:
        self.http = http
        self.account = account or {}

    @property
    def id(self) -> str:
        return str(self.account["account_id"])

    async def ask(
        self, method: str, path: str, json: Any = None, *, key: str | None = None, **more: Any
    ) -> httpx.Response:
        headers = {"idempotency-key": key} if key else None
        return await self.http.request(method, path, json=json, headers=headers, **more)

    async def call(
        self, method: str, path: str, json: Any = None, *, key: str | None = None, **more: Any
    ) -> Any:
        answer = await self.ask(method, path, json, key=key, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@dataclass
class System:
    """A running Niyat and everything around it."""

    niyat: Niyat
    address: str
    databases: Databases
    sandbox: Sandbox
    merchant: Account
    clock: TimeController
    configuration: Configuration
    connections: list[httpx.AsyncClient] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.nobody = self.admin = Caller(self.connect())

    async def patient(self) -> Caller:
        """A new patient, signed in by the code on their phone, with a mail address of their own."""
        me = await self.sign_in(phone=f"+9198{secrets.randbelow(10**8):08d}")
        me.account |= await me.call(
            "PATCH", "/api/v1/accounts/me", {"email": f"p{uuid4().hex}@patient.example"}
        )
        return me

    async def sign_in(self, *, phone: str | None = None, email: str | None = None) -> Caller:
        """Ask for a code, read it where the sandbox shows it, and sign in."""
        who = {"phone": phone} if phone else {"email": email}
        arrived = partial(self.sandbox.texts, phone) if phone else partial(self.sandbox.mails, str(email))
        earlier = max((message["id"] for message in await arrived()), default=0)
        challenge = await self.nobody.call("POST", "/api/v1/auth/codes", who)
        found = await arrived(after=earlier, wait_seconds=PATIENCE_SECONDS)
        code = re.search(r"\b\d{6}\b", found[0].get("body") or found[0]["text"])
        assert code, found[0]
        session = await self.nobody.call(
            "POST",
            "/api/v1/auth/sessions",
            {"challenge_id": challenge["challenge_id"], "code": code[0], "name": "Test Person"},
        )
        return Caller(self.connect(session["access_token"]), session["account"])

    def connect(self, token: str | None = None) -> httpx.AsyncClient:
        """A client of the system, closed with it."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        http = httpx.AsyncClient(base_url=self.address, headers=headers, timeout=30, trust_env=False)
        self.connections.append(http)
        return http

    async def doctor(self, *, fee_amount: int = 50_000, slot_minutes: int = 30, **more: Any) -> Json:
        """A doctor who works every day from 06:00 to 22:00 in `time_zone` (Asia/Kolkata)."""
        zone = more.pop("time_zone", "Asia/Kolkata")
        clinic = await self.admin.call(
            "POST", "/api/v1/clinics", {"name": "Clinic", "address": "1 Road", "reason": "A test needs it"}
        )
        email = f"d{uuid4().hex}@clinic.example"
        account = await self.admin.call(
            "POST",
            "/api/v1/accounts",
            {"name": "Dr Test", "email": email, "roles": ["doctor"], "time_zone": zone, "reason": "joins"},
        )
        doctor: Json = await self.admin.call(
            "POST",
            "/api/v1/doctors",
            {
                "account_id": account["account_id"],
                "clinic_id": clinic["clinic_id"],
                "name": "Dr Test",
                "specialty": "General medicine",
                "languages": ["en"],
                "registration_number": "T 1",
                "fee_amount": fee_amount,
                "currency": "INR",
                "time_zone": zone,
                "slot_minutes": slot_minutes,
                "consultation_types": ["VIDEO", "IN_PERSON"],
                "reason": "A test needs it",
                **more,
            },
        )
        hours = [{"weekday": day, "start_time": "06:00", "end_time": "22:00"} for day in range(1, 8)]
        await self.admin.call(
            "POST",
            "/api/v1/availability/weekly",
            {"doctor_id": doctor["doctor_id"], "hours": hours, "reason": "A test needs it"},
        )
        return doctor | {"email": email}

    async def slots(self, doctor: Json) -> list[Json]:
        """The doctor's free slots, from two days on (so that no notice or refund tier is in the way)."""
        start = (await self.clock.now() + timedelta(days=2)).date()
        path = f"/api/v1/availability/doctors/{doctor['doctor_id']}/slots"
        found = await self.nobody.call(
            "GET", path, params={"from": str(start), "to": str(start + timedelta(days=3))}
        )
        slots: list[Json] = found["items"]
        return slots

    async def book(self, who: Caller, slot: Json) -> Json:
        """`POST /appointments`: the appointment and its order."""
        wish = {"slot_id": slot["slot_id"], "consultation_type": "VIDEO"}
        booking: Json = await who.call("POST", "/appointments", wish, key=str(uuid4()))
        return booking

    async def appointment(self, who: Caller, booking: Json) -> Json:
        path = f"/api/v1/appointments/{booking['appointment']['appointment_id']}"
        found: Json = await who.call("GET", path)
        return found

    async def becomes(self, who: Caller, booking: Json, status: str) -> Json:
        """The appointment once it has `status`, while everything runs on. Fails after a while."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (found := await self.appointment(who, booking))["status"] != status:
                await asyncio.sleep(0.05)
        return found

    async def settle(self) -> None:
        """Deliver the webhooks that wait and let everything that is due happen; nothing moves afterwards."""
        await self.sandbox.flush_webhooks(self.merchant)
        await self.niyat.pause()
        await self.niyat.settle()
        self.niyat.resume()

    async def audit(self) -> Report:
        """The audit, with nothing left out as too young."""
        return await audit(
            {service: self.databases.audit_url(service) for service in SERVICES}, age_seconds=0
        )


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@contextlib.asynccontextmanager
async def running_system(
    databases: Databases, sandbox: Sandbox, *, audited: bool = True
) -> AsyncIterator[System]:
    """A system that serves until the block ends, then is settled and (unless the test breaks it) audited."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    merchant = await sandbox.register_account(f"{address}/api/v1/payments/webhook")
    phone = await sandbox.register_phone()
    known = {name: fresh(name) for name in NAMES} | {
        "razorpay_key_id": merchant.key_id,
        "razorpay_key_secret": merchant.key_secret,
        "razorpay_webhook_secret": merchant.webhook_secret,
        "twilio_account_sid": phone.sid,
        "twilio_auth_token": phone.auth_token,
    }
    await sandbox.mails_come_back_to(
        SANDBOX_RETURN_PATH, address + BOUNCES_PATH, known["mail_bounces_secret"]
    )
    await sandbox.register_video_app(known["video_jitsi_app_id"], known["video_jitsi_app_secret"])
    provided = provided_by_sandbox(known, sandbox.process.url, sandbox.smtp_address[1])
    configuration = from_environment(load(Settings, public_url=address), provided)
    niyat = await assemble(configuration, {service: databases.url(service) for service in SERVICES}, Clock())
    clock = TimeController(niyat, databases, sandbox)
    server = _Server(server_config(niyat.edge, configuration.common))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    system = System(niyat, address, databases, sandbox, merchant, clock, configuration)
    try:
        await clock.follow_sandbox()
        niyat.start()
        email = f"a{uuid4().hex}@clinic.example"
        await niyat.services["identity"].db.run(create_admin, email=email, name="Admin")
        system.admin = await system.sign_in(email=email)
        yield system
        await system.settle()
        report = await system.audit() if audited else None
        if report is not None and not report.clean:
            await system.settle()  # what fell due between the two is not stuck: it goes now
            report = await system.audit()
    finally:
        for connection in system.connections:
            await connection.aclose()
        niyat.hub.close()
        server.should_exit = True
        await serving
        await niyat.stop()
    assert report is None or report.clean, str(report)


@pytest_asyncio.fixture
async def system(databases: Databases, moving_sandbox: Sandbox) -> AsyncIterator[System]:
    """A running Niyat; the audit at its end must be clean."""
    async with running_system(databases, moving_sandbox) as running:
        yield running
