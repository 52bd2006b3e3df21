"""The receiver handles each event once and each key in order, whatever is cut off meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from niyat.events.catalogue import AppointmentConfirmed, AppointmentEvent, Event
from niyat.events.envelope import message_for
from niyat.events.inbox import receive
from niyat.events.worker import CUTS_ALLOWED, HandlingInterrupted, InboxWorker
from niyat.kernel.db import Connection
from tests.support.events import (
    TARGET,
    Pair,
    Refused,
    authorized,
    confirmed,
    consumer,
    take_effect,
)


async def test_a_key_waits_only_within_its_topic(pair: Pair) -> None:
    """Order between topics is undefined: a handler may put an event off until the other topic's has come."""
    key = uuid4()

    async def needs_the_appointment_first(conn: Connection, event: Event) -> None:
        if not isinstance(event, AppointmentEvent) and not await conn.fetchval(
            "SELECT count(*) FROM effects"
        ):
            raise Refused
        await take_effect(conn, event)

    who = consumer(needs_the_appointment_first)
    worker = InboxWorker(pair.target, who)
    await receive(pair.target, who.name, [message_for(authorized(key, 7), 1)])
    await worker.drain()
    await receive(pair.target, who.name, [message_for(confirmed(key, 1), 1)])
    await worker.drain()
    await pair.move_clocks(timedelta(minutes=1))
    await worker.drain()
    assert await pair.effects() == {key: [1, 7]}
    await worker.close()


async def test_a_lost_connection_costs_no_try_until_the_event_is_suspect(pair: Pair) -> None:
    cuts = [0]

    async def cut(conn: Connection, event: Event) -> None:
        cuts[0] += 1
        await pair.kill(conn)
        await take_effect(conn, event)

    who = consumer(cut)
    worker = InboxWorker(pair.target, who)
    await receive(pair.target, who.name, [message_for(confirmed(uuid4(), 1), 1)])
    for _ in range(CUTS_ALLOWED - 1):
        with pytest.raises(HandlingInterrupted):
            await worker.run_once()
    assert await pair.target.fetchval("SELECT tries FROM inbox") == 0
    await worker.run_once()
    assert await pair.target.fetchval("SELECT tries FROM inbox") == 1
    assert (cuts[0], await pair.effects()) == (CUTS_ALLOWED, {})
    await worker.close()


async def test_a_constraint_that_speaks_at_commit_costs_a_try(pair: Pair) -> None:
    pair._owner(TARGET, "ALTER TABLE effects ADD CONSTRAINT once UNIQUE (key) DEFERRABLE INITIALLY DEFERRED")
    key, who = uuid4(), consumer()
    worker = InboxWorker(pair.target, who)
    await receive(pair.target, who.name, [message_for(confirmed(key, n), n) for n in (1, 2)])
    await worker.drain()
    waiting = await pair.target.fetchrow("SELECT tries, last_error FROM inbox WHERE state = 'new'")
    assert waiting is not None
    assert waiting["tries"] == 1
    assert "once" in waiting["last_error"]
    assert str(key) not in waiting["last_error"], "PostgreSQL's DETAIL quotes values"
    assert await pair.effects() == {key: [1]}
    await worker.close()


async def test_what_is_received_twice_is_stored_once_and_in_order(pair: Pair) -> None:
    who, key = consumer(), uuid4()
    batch = [message_for(confirmed(key, n), n) for n in range(1, 30)]
    await asyncio.gather(*(receive(pair.target, who.name, batch[:end]) for end in (10, 29, 29, 20)))
    worker = InboxWorker(pair.target, who)
    await worker.drain()
    assert await pair.effects() == {key: list(range(1, 30))}
    await worker.close()


async def test_two_workers_that_share_a_partition_by_mistake_still_keep_order(pair: Pair) -> None:
    """The partition's lock is lost in mid-batch: a second worker starts on the same rows."""
    key = uuid4()
    second: list[asyncio.Task[int]] = []

    async def lose_the_lock(conn: Connection, event: AppointmentConfirmed) -> None:
        await take_effect(conn, event)
        if event.revision == 2 and not second:
            await pair.kill(first._conn)
            second.append(asyncio.create_task(other.run_once()))
        if event.revision == 3:
            raise Refused

    who = consumer(lose_the_lock)
    first, other = InboxWorker(pair.target, who), InboxWorker(pair.target, who)
    await receive(pair.target, who.name, [message_for(confirmed(key, n), n) for n in range(1, 6)])
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError):
        await first.run_once()
    await second[0]
    assert await pair.effects() == {key: [1, 2]}
    assert await pair.target.fetchval("SELECT max(tries) FROM inbox") == 1
    await other.close()
