"""Order and every effect exactly once, under faults of all kinds and killed at each step."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from niyat.events.catalogue import Event
from niyat.events.pump import Pump
from niyat.events.relay import Relay
from niyat.events.transport.embedded import EmbeddedTransport, Subscription
from niyat.events.worker import InboxWorker
from niyat.kernel.crash import POINTS
from niyat.kernel.db import Connection
from tests.support.events import (
    SOURCE,
    TARGET,
    Flaky,
    Pair,
    Refused,
    confirmed,
    consumer,
    eventually,
    take_effect,
)

ROOT = Path(__file__).parents[3]


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
