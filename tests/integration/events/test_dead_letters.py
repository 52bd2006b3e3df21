"""What cannot be handled is set aside, holds nobody else up, and can be replayed."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from niyat.events import deadletters
from niyat.events.catalogue import AppointmentConfirmed, Event
from niyat.events.pump import drain
from niyat.events.relay import Relay
from niyat.events.transport.embedded import EmbeddedTransport, Subscription
from niyat.events.worker import InboxWorker
from niyat.kernel.db import Connection
from tests.support.events import (
    Pair,
    Refused,
    confirmed,
    consumer,
    relay_to,
    take_effect,
)


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
