"""Appointments alone, on its own real database: its app, its consumer, its jobs, and a clock to move."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from niyat.appointments import http
from niyat.appointments.adapters.jitsi import JitsiRooms, own_server
from niyat.appointments.checks import CHECKS
from niyat.appointments.commands.expire import expire_lapsed
from niyat.appointments.commands.replan_clinic import replan_waiting
from niyat.appointments.consumers import consumers
from niyat.appointments.parts import Parts
from niyat.appointments.settings import AppointmentsSettings
from niyat.events.catalogue import Event
from niyat.events.checks import CHECKS as EVENT_CHECKS
from niyat.events.envelope import message_for
from niyat.events.inbox import receive
from niyat.events.relay import Relay
from niyat.events.transport.embedded import EmbeddedTransport
from niyat.events.worker import InboxWorker
from niyat.kernel.auth import TokenVerifier
from niyat.kernel.clock import Clock
from niyat.kernel.db import Database
from niyat.kernel.ids import new_id
from tests.support.postgres import Databases

Json = dict[str, Any]
ISSUER = "test"
SITE = "https://clinic.example"
VIDEO = own_server("https://meet.clinic.example", "niyat", "a secret of thirty-two characters, or more")
WHY = "A test needs it"


@cache
def signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Person:
    """Somebody who is signed in, over HTTP."""

    def __init__(self, app: Any, account_id: UUID, token: str) -> None:
        self.id = account_id
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://appointments",
            headers={"authorization": f"Bearer {token}"} if token else {},
        )

    async def ask(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """Whatever the answer is; `key` is the Idempotency-Key."""
        key = more.pop("key", None)
        headers = {"idempotency-key": key} if key else {}
        return await self.http.request(method, path, json=json, headers=headers, **more)

    async def call(self, method: str, path: str, json: Any = None, **more: Any) -> Any:
        """The answer of a request that must succeed."""
        answer = await self.ask(method, path, json, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()


class World:
    """Everything around one database of appointments."""

    def __init__(self, db: Database, databases: Databases, settings: AppointmentsSettings) -> None:
        self.db = db
        self._databases = databases
        self.superuser_url = databases.superuser_url("appointments")
        public = jwt.algorithms.RSAAlgorithm.to_jwk(signing_key().public_key(), as_dict=True)
        keys = {"keys": [{**public, "kid": "k", "alg": "RS256", "use": "sig"}]}

        async def jwks() -> Json:
            return keys

        parts = Parts(db=db, settings=settings, site_url=SITE, video=JitsiRooms(VIDEO))
        self._days_ahead, self._doctors_per_batch = settings.days_ahead, settings.doctors_per_batch
        self.consumer = consumers(parts)[0]
        self.app = http.create(parts, TokenVerifier(jwks, issuer=ISSUER, clock=Clock()))
        self.admin = self.person("admin")
        self.payments = self.person("service", service="payments")
        self.nobody = Person(self.app, uuid4(), "")
        self.securing = 1

    def person(self, *roles: str, service: str | None = None) -> Person:
        """A new account with these roles, or a service."""
        account_id = new_id()
        claims = {
            "sub": str(account_id),
            "roles": roles,
            "service": service,
            "iss": ISSUER,
            "aud": "niyat",
            "exp": datetime.now(UTC) + timedelta(days=1000),
        }
        token = jwt.encode(claims, signing_key(), algorithm="RS256", headers={"kid": "k"})
        return Person(self.app, account_id, token)

    def patient(self) -> Person:
        return self.person("patient")

    async def doctor(self, *, hours: list[Json] | None = None, **more: Any) -> tuple[Json, Person]:
        """A doctor who sees patients every day from 00:00 to 24:00 UTC, and that doctor signed in."""
        who = self.person("doctor")
        clinic = await self.admin.call(
            "POST", "/api/v1/clinics", {"name": "Clinic", "address": "1 Road", "reason": WHY}
        )
        fields = {
            "account_id": str(who.id),
            "clinic_id": clinic["clinic_id"],
            "name": "Dr Test",
            "specialty": "General medicine",
            "languages": ["en", "hi"],
            "fee_amount": 50_000,
            "currency": "INR",
            "time_zone": "UTC",
            "slot_minutes": 60,
            "consultation_types": ["VIDEO", "IN_PERSON"],
            "reason": WHY,
            **more,
        }
        doctor = await self.admin.call("POST", "/api/v1/doctors", fields)
        week = hours or [{"weekday": day, "start_time": "00:00", "end_time": "24:00"} for day in range(1, 8)]
        await self.admin.call(
            "POST",
            "/api/v1/availability/weekly",
            {"doctor_id": doctor["doctor_id"], "hours": week, "reason": WHY},
        )
        return doctor, who

    async def slots(self, doctor: Json, **params: Any) -> list[Json]:
        path = f"/api/v1/availability/doctors/{doctor['doctor_id']}/slots"
        found: list[Json] = (await self.nobody.call("GET", path, params=params))["items"]
        return found

    async def slot(self, doctor: Json, *, days_ahead: int = 3) -> Json:
        """A free slot some days ahead."""
        return (
            await self.slots(doctor, **{"from": (await self.now() + timedelta(days=days_ahead)).isoformat()})
        )[0]

    async def reserve(self, who: Person, slot: Json, **more: Any) -> Json:
        wish = {"slot_id": slot["slot_id"], "consultation_type": "VIDEO"}
        held: Json = await who.call("POST", "/api/v1/appointments/reserve", wish, **more)
        return held

    async def held(self, **doctor: Any) -> tuple[Person, Json]:
        """A patient who holds a slot of a new doctor."""
        made, _ = await self.doctor(**doctor)
        who = self.patient()
        return who, await self.reserve(who, await self.slot(made))

    async def started(self, **doctor: Any) -> tuple[Person, Json]:
        """The same, with the payment begun."""
        who, held = await self.held(**doctor)
        await self.internal(held, "payment-started", {"account_id": str(who.id)})
        return who, held

    async def secured(self, payment_id: UUID, **doctor: Any) -> tuple[Person, Json]:
        """The same, with the slot kept for `payment_id`."""
        who, held = await self.started(**doctor)
        assert await self.secure(held, payment_id) == "secured"
        return who, held

    async def confirmed(self, payment_id: UUID, **doctor: Any) -> tuple[Person, Json]:
        """The same, paid."""
        who, held = await self.secured(payment_id, **doctor)
        assert (await self.captured(held, payment_id))["outcome"] == "confirmed"
        return who, held

    async def paid(self, who: Person, slot: Json) -> Json:
        """`who` books and pays."""
        held = await self.reserve(who, slot)
        await self.secure(held, payment := new_id())
        await self.captured(held, payment)
        return held

    async def internal(self, appointment: Json, what: str, body: Json) -> Json:
        path = f"/internal/appointments/{appointment['appointment_id']}/{what}"
        answer: Json = await self.payments.call("POST", path, body)
        return answer

    async def secure(self, appointment: Json, payment_id: UUID, **more: Any) -> str:
        body = {
            "payment_id": str(payment_id),
            "order_id": "order_1",
            "amount": 50_000,
            "currency": "INR",
            "securing": self.securing,
            **more,
        }
        return str((await self.internal(appointment, "secure", body))["outcome"])

    async def captured(self, appointment: Json, payment_id: UUID, **more: Any) -> Json:
        body = {"payment_id": str(payment_id), "amount": 50_000, "currency": "INR", **more}
        return await self.internal(appointment, "payment-captured", body)

    async def get(self, appointment: Json) -> Json:
        path = f"/api/v1/appointments/{appointment['appointment_id']}"
        found: Json = await self.admin.call("GET", path)
        return found

    async def slot_status(self, appointment: Json) -> str:
        sql = "SELECT v.status FROM available_slots v JOIN appointments a ON a.slot_id = v.id WHERE a.id = $1"
        return str(await self.db.fetchval(sql, UUID(appointment["appointment_id"])))

    async def told(self, appointment: Json) -> list[str]:
        """The types of events published about the appointment, in order."""
        rows = await self.db.fetch(
            "SELECT type FROM outbox WHERE key = $1 ORDER BY id", appointment["appointment_id"]
        )
        return [row["type"] for row in rows]

    async def hear(self, *events: Event) -> None:
        """Events arrive in the inbox and are handled."""
        await receive(
            self.db, self.consumer.name, [message_for(event, n) for n, event in enumerate(events, 1)]
        )
        worker = InboxWorker(self.db, self.consumer)
        await worker.drain()
        await worker.close()

    async def now(self) -> datetime:
        moment: datetime = await self.db.fetchval("SELECT niyat_now()")
        return moment

    async def move(self, **by: float) -> None:
        """Move the clock on, without running any job."""
        conn = await asyncpg.connect(self._databases.superuser_url("appointments"))
        await conn.execute("UPDATE niyat_clock SET shift = shift + $1", timedelta(**by))
        await conn.close()

    async def move_to(self, moment: datetime) -> None:
        """Move the clock on to `moment`."""
        await self.move(seconds=(moment - await self.now()).total_seconds())

    async def stand_still(self, moment: datetime) -> None:
        """Stop the clock at `moment`, which lies ahead."""
        conn = await asyncpg.connect(self._databases.superuser_url("appointments"))
        await conn.execute("UPDATE niyat_clock SET frozen_at = $1", moment)
        await conn.close()

    async def expire(self) -> int:
        return await expire_lapsed(self.db)

    async def replan(self) -> None:
        """Run the job that plans doctors anew after a holiday changed."""
        await replan_waiting(self.db, days_ahead=self._days_ahead, doctors_per_batch=self._doctors_per_batch)

    async def audit(self) -> None:
        """Publish what is left, and hold the database against its checks."""
        relay = Relay(self.db, EmbeddedTransport([]))
        await relay.drain()
        await relay.close()
        conn = await asyncpg.connect(self._databases.audit_url("appointments"))
        try:
            for check in (*CHECKS, *EVENT_CHECKS):
                found = await conn.fetch(check.sql, *([0.0] if "$1" in check.sql else []))
                assert not found, f"{check.promise} {found[:3]}"
        finally:
            await conn.close()


QUIET_MINUTES = 5
"""How long a test may take. Slots begin, and days end in whatever zone, at full hours and at half past."""


@asynccontextmanager
async def appointments(databases: Databases, **settings: Any) -> AsyncIterator[World]:
    """A world whose database is audited at the end; no slot begins and no day ends in the minutes after it begins."""
    db = await Database.connect(databases.url("appointments"), max_connections=20)
    world = World(db, databases, AppointmentsSettings(**settings))
    try:
        if (minutes_left := 30 - (await world.now()).minute % 30) <= QUIET_MINUTES:
            await world.move(minutes=minutes_left)
        yield world
        await world.audit()
    finally:
        await db.close()


async def put_status(
    who: Person, held: Json, status: str, *, prefix: str = "/api/v1", key: str | None = None, **more: str
) -> tuple[int, Json]:
    """`who` moves the appointment to `status`."""
    path = f"{prefix}/appointments/{held['appointment_id']}/status"
    body = {"status": status, "reason_code": "seen", **more}
    answer = await who.ask("PATCH", path, body, key=key)
    return answer.status_code, answer.json()


async def together(*calls: Any) -> list[Any]:
    """All at once; the answers in order."""
    return list(await asyncio.gather(*calls))
