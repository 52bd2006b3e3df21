"""From a commit to its effect elsewhere, on two real databases."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from niyat.events import inbox, outbox
from niyat.events.catalogue import AppointmentConfirmed, Event
from niyat.events.envelope import Envelope, draft_for
from niyat.events.outbox import publish
from niyat.events.pump import drain
from niyat.events.worker import InboxWorker
from niyat.kernel.correlation import bound, correlation_id
from niyat.kernel.db import Connection
from tests.support.events import (
    Pair,
    Refused,
    confirmed,
    consumer,
    relay_to,
    take_effect,
)


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
