"""From a commit to its effect elsewhere, on two real databases."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from niyat.events import deadletters, inbox, outbox
from niyat.events.catalogue import AppointmentConfirmed, AppointmentEvent, Event
from niyat.events.envelope import Envelope, draft_for, message_for
from niyat.events.inbox import receive
from niyat.events.outbox import publish
from niyat.events.pump import Pump, drain
from niyat.events.relay import Relay
from niyat.events.transport.embedded import EmbeddedTransport, Subscription
from niyat.events.worker import CUTS_ALLOWED, HandlingInterrupted, InboxWorker
from niyat.kernel.correlation import bound, correlation_id
from niyat.kernel.crash import POINTS
from niyat.kernel.db import Connection, Database
from tests.support.events import (
    SOURCE,
    TARGET,
    Flaky,
    Pair,
    authorized,
    confirmed,
    consumer,
    eventually,
    take_effect,
)
from tests.support.postgres import Databases

ROOT = Path(__file__).parents[2]


class Refused(Exception):
    """What a handler raises on purpose."""


@pytest_asyncio.fixture
async def pair(databases: Databases) -> AsyncIterator[Pair]:
    source = await Database.connect(databases.url(SOURCE), max_connections=4)
    target = await Database.connect(databases.url(TARGET), max_connections=6)
    both = Pair(source, target, databases)
    both.create_effects()
    yield both
    await source.close()
    await target.close()


def relay_to(pair: Pair, who: inbox.Consumer | None = None) -> Relay:
    return Relay(pair.source, EmbeddedTransport([Subscription(pair.target, who or consumer())]))


async def test_an_event_takes_effect_once_with_the_correlation_of_its_cause(pair: Pair) -> None:
    seen: list[str] = []

    async def note(conn: Connection, event: Event) -> None:
        seen.append(correlation_id.get())
        await take_effect(conn, event)

    who, key = consumer(note), uuid4()
    relay, worker = relay_to(pair, who), InboxWorker(pair.target, who)
    with bound("the-cause"):
        await pair.publish(confirmed(key, 1))
    assert await drain(relay, worker) == 2
    assert await drain(relay, worker) == 0
    assert (await pair.effects(), seen) == ({key: [1]}, ["the-cause"])
    assert correlation_id.get() == ""
    await relay.close()
    await worker.close()


async def test_a_command_that_fails_publishes_nothing(pair: Pair) -> None:
    async def half_done(conn: Connection) -> None:
        await publish(conn, confirmed(uuid4(), 1), sequence=1)
        raise Refused

    with pytest.raises(Refused):
        await pair.source.run(half_done)
    assert await pair.unpublished() == 0


async def test_the_database_refuses_a_sequence_number_used_twice(pair: Pair) -> None:
    key = uuid4()
    await pair.publish(confirmed(key, 1))
    with pytest.raises(asyncpg.UniqueViolationError, match="outbox_sequence_is_unique"):
        await pair.publish(confirmed(key, 1))


async def test_an_envelope_completed_in_sql_is_the_event(pair: Pair) -> None:
    draft, event = draft_for(AppointmentConfirmed, 1), confirmed(uuid4(), 1)
    await pair.source.execute(
        """
        WITH a AS (SELECT $1::uuid AS id, $2::timestamptz AS starts_at)
        INSERT INTO outbox (event_id, topic, key, sequence, type, payload)
        SELECT $3, 'appointment-events', a.id, 1, 'APPOINTMENT_CONFIRMED', niyat_envelope($4, a.id::text,
            $5::jsonb || jsonb_build_object('appointment_id', a.id, 'starts_at', a.starts_at)) FROM a
        """,
        event.appointment_id,
        event.starts_at,
        draft.event_id,
        draft.payload,
        event.model_dump(mode="json", exclude={"appointment_id", "starts_at"}),
    )
    envelope = Envelope.model_validate(await pair.source.fetchval("SELECT payload FROM outbox"))
    assert envelope.event() == event
    assert (envelope.subject, envelope.time, envelope.number) == (str(event.key), event.occurred_at, 1)


@pytest.mark.parametrize("seed", range(4))
async def test_order_holds_and_nothing_is_lost_or_doubled_under_faults(pair: Pair, seed: int) -> None:
    """Two relay candidates, two workers, failing transport and handler, killed connections, all at once."""
    rng = random.Random(seed)
    faults = {"handler": 0.1}

    async def unreliable(conn: Connection, event: Event) -> None:
        await take_effect(conn, event)
        if rng.random() < faults["handler"]:
            raise Refused

    who = consumer(unreliable, max_tries=1_000)
    workers = [InboxWorker(pair.target, who, batch=10) for _ in range(2)]
    transports = [
        Flaky(EmbeddedTransport([Subscription(pair.target, who, w.poke)]), rng, 0.1) for w in workers
    ]
    relays = [Relay(pair.source, transport, batch=10) for transport in transports]
    pumps: list[Pump] = [*relays, *workers]
    tasks = [asyncio.create_task(pump.run()) for pump in pumps]

    keys = [uuid4() for _ in range(8)]
    each = 25
    for number in range(1, each + 1):
        await pair.publish(*(confirmed(key, number) for key in rng.sample(keys, len(keys))))
        if number % 8 == 0:
            await kill_all(pair, *relays, workers[0])
    faults["handler"] = 0
    for transport in transports:
        transport.rate = 0

    async def all_done() -> bool:
        await pair.move_clocks(timedelta(minutes=10))
        return await pair.unpublished() == 0 and await pair.inbox("done") == len(keys) * each

    await eventually(all_done)
    await stop(tasks, pumps)
    assert await pair.effects() == {key: list(range(1, each + 1)) for key in keys}
    assert await pair.inbox("dead") == 0


async def kill_all(pair: Pair, *pumps: Relay | InboxWorker) -> None:
    """Kill the connection that each holds its lock with, if it has one now."""
    for pump in pumps:
        if (conn := pump._conn) is not None and not conn.is_closed():
            await pair.kill(conn)


async def stop(tasks: list[asyncio.Task[None]], pumps: list[Pump]) -> None:
    for task in tasks:
        task.cancel()
    _, still_running = await asyncio.wait(tasks, timeout=20)
    assert not still_running, "cancelled pumps end"
    for pump in pumps:
        await pump.close()


@pytest.mark.failure_row(35)
async def test_a_poison_event_dies_and_its_neighbours_go_on(pair: Pair) -> None:
    poisoned, healthy = uuid4(), uuid4()

    async def choke(conn: Connection, event: AppointmentConfirmed) -> None:
        await take_effect(conn, event)
        if (event.key, event.revision) == (poisoned, 2):
            raise Refused("not with me")

    who = consumer(choke, max_tries=3)
    relay, worker = relay_to(pair, who), InboxWorker(pair.target, who)
    await pair.publish(*(confirmed(key, number) for number in (1, 2, 3) for key in (poisoned, healthy)))
    await drain(relay, worker)
    assert await pair.effects() == {poisoned: [1], healthy: [1, 2, 3]}, "later events of the key wait"
    for _ in range(2):
        await pair.move_clocks(timedelta(minutes=10))
        await worker.drain()
    assert await pair.effects() == {poisoned: [1, 3], healthy: [1, 2, 3]}

    async with pair.target.pool.acquire() as conn:
        (letter,) = await deadletters.list_dead(conn)
    assert (letter.key, letter.tries, letter.consumer) == (str(poisoned), 3, "listener")
    assert letter.last_error == "Refused: not with me"
    assert letter.envelope["data"]["revision"] == 2
    await relay.close()
    await worker.close()


async def test_a_dead_letter_is_replayed_once_and_late(pair: Pair) -> None:
    key = uuid4()
    fault = [Refused()]

    async def heal(conn: Connection, event: AppointmentConfirmed) -> None:
        if event.revision == 1 and fault:
            raise fault[0]
        await take_effect(conn, event)

    who = consumer(heal, max_tries=1)
    relay, worker = relay_to(pair, who), InboxWorker(pair.target, who)
    await pair.publish(confirmed(key, 1), confirmed(key, 2))
    await drain(relay, worker)
    assert await pair.effects() == {key: [2]}
    fault.clear()
    async with pair.target.pool.acquire() as conn:
        (letter,) = await deadletters.list_dead(conn, consumer="listener")
        await deadletters.replay(conn, letter.id)
        with pytest.raises(deadletters.DeadLetterNotFound):
            await deadletters.replay(conn, letter.id)
    await worker.drain()
    assert await pair.effects() == {key: [2, 1]}
    await relay.close()
    await worker.close()


async def test_the_lead_passes_on_when_the_leaders_connection_dies_and_can_come_back(pair: Pair) -> None:
    first, second = relay_to(pair), relay_to(pair)
    keys = [uuid4() for _ in range(3)]
    await pair.publish(confirmed(keys[0], 1))
    assert (await first.run_once(), await second.run_once()) == (1, 0)
    assert (first.leads, second.leads) == (True, False)

    await pair.kill(first._conn)
    await pair.publish(confirmed(keys[1], 1))
    assert (await second.run_once(), await first.run_once()) == (1, 0)
    assert (first.leads, second.leads) == (False, True)

    await second.close()
    await pair.publish(confirmed(keys[2], 1))
    assert await first.run_once() == 1
    assert await pair.unpublished() == 0
    await first.close()


async def test_a_leader_that_is_cut_off_takes_the_lead_again_by_itself(pair: Pair) -> None:
    relay = relay_to(pair)
    await pair.publish(confirmed(uuid4(), 1))
    await relay.run_once()
    await pair.kill(relay._conn)
    await pair.publish(confirmed(uuid4(), 1))
    assert await relay.run_once() == 1
    assert await pair.unpublished() == 0
    await relay.close()


async def test_a_hundred_stuck_keys_starve_nobody(pair: Pair) -> None:
    stuck, healthy = [uuid4() for _ in range(100)], uuid4()

    class Sieve:
        def __init__(self, inner: EmbeddedTransport) -> None:
            self.inner = inner

        async def send(self, batch):  # type: ignore[no-untyped-def]
            bad = {m.event_id: "stuck" for m in batch if UUID(m.key) in stuck}
            return {**bad, **await self.inner.send([m for m in batch if m.event_id not in bad])}

    async def choke(conn: Connection, event: Event) -> None:
        if event.key in stuck:
            raise Refused
        await take_effect(conn, event)

    who = consumer(choke)
    inner = EmbeddedTransport([Subscription(pair.target, who)])
    relay = Relay(pair.source, Sieve(inner), batch=20)
    worker = InboxWorker(pair.target, who, batch=5)
    await pair.publish(*(confirmed(key, n) for n in (1, 2) for key in stuck), confirmed(healthy, 1))
    assert await drain(relay, worker) > 0
    assert await pair.effects() == {healthy: [1]}
    assert await pair.unpublished() == 200

    relay.transport = inner
    await pair.move_clocks(timedelta(minutes=1))
    await pair.publish(confirmed(healthy, 2))
    await drain(relay, worker)
    assert await pair.unpublished() == 0
    assert await pair.effects() == {healthy: [1, 2]}, "a hundred keys wait in the inbox now"
    await relay.close()
    await worker.close()


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


async def test_a_paused_pump_stands_still_and_resumes_at_once(pair: Pair) -> None:
    relay = relay_to(pair)
    task = asyncio.create_task(relay.run())
    await relay.pause()
    await pair.publish(confirmed(uuid4(), 1))
    assert await pair.unpublished() == 1
    relay.resume()

    async def published() -> bool:
        return await pair.unpublished() == 0

    await eventually(published)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await relay.close()


async def test_pruning_leaves_what_is_young_unfinished_or_dead(pair: Pair) -> None:
    async def refuse_one(conn: Connection, event: AppointmentConfirmed) -> None:
        if event.amount == 13:
            raise Refused

    who = consumer(refuse_one, max_tries=1)
    relay, worker = relay_to(pair, who), InboxWorker(pair.target, who)
    await pair.publish(confirmed(uuid4(), 1), confirmed(uuid4(), 1, amount=13))
    await drain(relay, worker)
    await pair.move_clocks(timedelta(days=8))
    await pair.publish(confirmed(uuid4(), 1))
    await drain(relay, worker)
    await pair.publish(confirmed(uuid4(), 1))
    week = timedelta(days=7)
    assert await pair.source.run(lambda conn: outbox.prune(conn, week)) == 2
    assert await pair.target.run(lambda conn: inbox.prune(conn, week)) == 1
    assert (await pair.unpublished(), await pair.inbox("done"), await pair.inbox("dead")) == (1, 1, 1)
    await relay.close()
    await worker.close()


@pytest.mark.parametrize(
    "point", sorted(point for point in POINTS if point.startswith(("outbox:", "relay:", "inbox:")))
)
@pytest.mark.failure_row(31)
async def test_a_process_killed_between_two_steps_leaves_every_effect_exactly_once(
    pair: Pair, point: str
) -> None:
    keys = [uuid4() for _ in range(3)]
    await pair.publish(*(confirmed(key, number) for number in (1, 2, 3) for key in keys))
    urls = [pair.databases.url(service) for service in (SOURCE, TARGET)]

    async def process(crash_at: str) -> tuple[int | None, str]:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.event_process", *urls, cwd=ROOT,
            env={**os.environ, "NIYAT_CRASH_AT": crash_at},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await asyncio.wait_for(running.communicate(), 60)
        return running.returncode, said.decode()

    status, said = await process(point)
    assert status == -9, said
    effects = await pair.effects()
    assert sum(map(len, effects.values())) == (1 if point == "inbox:after-commit" else 0)
    status, said = await process("")
    assert status == 0, said
    assert await pair.effects() == {key: [1, 2, 3] for key in keys}
    assert await pair.unpublished() == 0
