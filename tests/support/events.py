"""A small event system on two real databases: one publishes, the other consumes and writes `effects`.

Whose databases they are does not matter, as all have the same event tables.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg2

from niyat.events.catalogue import APPOINTMENTS, PAYMENTS, AppointmentConfirmed, Event, PaymentAuthorized
from niyat.events.envelope import Message
from niyat.events.inbox import Consumer, Handler
from niyat.events.outbox import publish
from niyat.events.relay import Relay
from niyat.events.transport import Transport
from niyat.events.transport.embedded import EmbeddedTransport, Subscription
from niyat.kernel.db import Connection, Database
from tests.support.postgres import Databases

SOURCE, TARGET = "appointments", "notifications"
START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)

EFFECTS = "CREATE TABLE effects (n bigint GENERATED ALWAYS AS IDENTITY, key uuid, topic text, number bigint)"


def confirmed(key: UUID, number: int, **different: Any) -> AppointmentConfirmed:
    """An event of `key` that carries `number` as its revision."""
    fields: dict[str, Any] = {
        "appointment_id": key,
        "doctor_id": uuid4(),
        "patient_id": uuid4(),
        "revision": number,
        "status": "confirmed",
        "starts_at": START,
        "ends_at": START + timedelta(minutes=30),
        "time_zone": "Asia/Kolkata",
        "consultation_type": "VIDEO",
        "occurred_at": START,
        "payment_id": uuid4(),
        "amount": 50_000,
        "currency": "INR",
    }
    return AppointmentConfirmed(**fields | different)


def authorized(key: UUID, number: int) -> PaymentAuthorized:
    """A payment event of `key` that carries `number` as its amount."""
    return PaymentAuthorized(
        payment_id=uuid4(),
        appointment_id=key,
        patient_id=uuid4(),
        doctor_id=uuid4(),
        amount=number,
        currency="INR",
        occurred_at=START,
    )


def number_of(event: Event) -> int:
    return event.revision if isinstance(event, AppointmentConfirmed) else event.amount  # type: ignore[attr-defined]


async def take_effect(conn: Connection, event: Event) -> None:
    """The plainest handler: one row, with nothing that would hide a second one."""
    await conn.execute(
        "INSERT INTO effects (key, topic, number) VALUES ($1, $2, $3)",
        event.key,
        event.topic,
        number_of(event),
    )


def consumer(handler: Handler = take_effect, **different: Any) -> Consumer:
    return Consumer(
        "listener",
        (APPOINTMENTS, PAYMENTS),
        {AppointmentConfirmed: handler, PaymentAuthorized: handler},
        **different,
    )


@dataclass
class Pair:
    """Two databases: `source` has the outbox that is relayed, `target` the inbox and the effects."""

    source: Database
    target: Database
    databases: Databases

    async def publish(self, *events: Event) -> None:
        """Each in a transaction of its own, with its number as its sequence."""
        for event in events:

            async def one(conn: Connection, event: Event = event) -> None:
                await publish(conn, event, sequence=number_of(event))

            await self.source.run(one)

    async def effects(self) -> dict[UUID, list[int]]:
        """By key, the numbers in the order in which they took effect."""
        found: dict[UUID, list[int]] = {}
        for row in await self.target.fetch("SELECT key, number FROM effects ORDER BY n"):
            found.setdefault(row["key"], []).append(row["number"])
        return found

    async def unpublished(self) -> int:
        return int(await self.source.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL"))

    async def inbox(self, state: str) -> int:
        return int(await self.target.fetchval("SELECT count(*) FROM inbox WHERE state = $1", state))

    async def move_clocks(self, by: timedelta) -> None:
        for service in (SOURCE, TARGET):
            await asyncio.to_thread(self._owner, service, "UPDATE niyat_clock SET shift = shift + %s", by)

    async def empty(self) -> None:
        await self.source.execute("DELETE FROM outbox")
        await self.target.execute("DELETE FROM inbox")
        await self.target.execute("DELETE FROM effects")

    async def kill(self, conn: object) -> None:
        """End a server process as an administrator would; `conn` is the connection that it serves."""
        pid = conn.get_server_pid()  # type: ignore[attr-defined]
        await asyncio.to_thread(
            self._as, self.databases.superuser_url(SOURCE), "SELECT pg_terminate_backend(%s)", pid
        )

    def _owner(self, service: str, statement: str, *values: object) -> None:
        self._as(self.databases.owner_url(service), statement, *values)

    @staticmethod
    def _as(url: str, statement: str, *values: object) -> None:
        with closing(psycopg2.connect(url)) as conn, conn.cursor() as cursor:
            cursor.execute(statement, values)
            conn.commit()

    def create_effects(self) -> None:
        self._owner(TARGET, EFFECTS)


class Flaky:
    """A transport that fails messages at random before they reach the real one; `rate` may be changed."""

    def __init__(self, transport: Transport, rng: random.Random, rate: float) -> None:
        self.transport = transport
        self.rng = rng
        self.rate = rate

    async def send(self, batch: Sequence[Message]) -> Mapping[UUID, str]:
        failed: dict[UUID, str] = {}
        stuck: set[tuple[str, str]] = set()
        handed_over = []
        for message in batch:
            key = (message.topic, message.key)
            if key in stuck or self.rng.random() < self.rate:
                stuck.add(key)
                failed[message.event_id] = "a fault on purpose"
            else:
                handed_over.append(message)
        return {**failed, **await self.transport.send(handed_over)}


async def eventually(condition: Callable[[], Awaitable[bool]], *, seconds: float = 30) -> None:
    """Wait until `condition` holds; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


class Refused(Exception):
    """What a handler raises on purpose."""


def relay_to(pair: Pair, who: Consumer | None = None) -> Relay:
    return Relay(pair.source, EmbeddedTransport([Subscription(pair.target, who or consumer())]))
