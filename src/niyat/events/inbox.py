"""What a service was told: a row per consumer and event, written by the transport, worked off by `worker.py`.

Consumers must not assume any order between topics. Within a topic, a key's events come in order, each once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from niyat.events.catalogue import TOPICS, Event
from niyat.events.envelope import Message
from niyat.kernel.crash import crash_point
from niyat.kernel.db import Connection, Database, rows_affected

Handler: TypeAlias = Callable[[Connection, Any], Awaitable[object]]
"""Brings about an event's effect in the transaction open on the connection, and nowhere else: what must go
out (a mail, a call) is stored as an intent. Receives the event class that it is registered for."""

MAX_TRIES = 10

RECEIVE = """
INSERT INTO inbox (consumer, event_id, topic, key, type, payload)
SELECT $1, event_id, topic, key, type, payload
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
     WITH ORDINALITY AS m (event_id, topic, key, type, payload, ordinality)
ORDER BY ordinality
ON CONFLICT (consumer, event_id) DO NOTHING
"""

PRUNE = """
DELETE FROM inbox WHERE arrival IN (
    SELECT arrival FROM inbox WHERE state = 'done' AND finished_at < niyat_now() - $1::interval
    ORDER BY arrival LIMIT $2)
"""


@dataclass(frozen=True)
class Consumer:
    """Who listens to which topics, and what it does about each event class. Other events are passed over."""

    name: str
    topics: tuple[str, ...]
    handlers: Mapping[type[Event], Handler]
    max_tries: int = MAX_TRIES
    types: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Raises ValueError for a topic that does not exist, or a handler for an event of another topic."""
        if unknown := set(self.topics) - set(TOPICS):
            raise ValueError(f"{self.name}: no such topic: {', '.join(sorted(unknown))}")
        for kind in self.handlers:
            if kind.topic not in self.topics:
                raise ValueError(f"{self.name} handles {kind.type} but does not listen to {kind.topic}")
        object.__setattr__(self, "types", frozenset(kind.type for kind in self.handlers))

    def wants(self, message: Message) -> bool:
        """Whether the message belongs in this inbox: of the topics, and of a type that is handled."""
        return message.topic in self.topics and message.type in self.types


async def receive(db: Database, consumer: str, batch: Sequence[Message]) -> None:
    """Store `batch` in the consumer's inbox, in order, all or nothing; what is there is left alone."""
    if not batch:
        return
    columns = zip(*((m.event_id, m.topic, m.key, m.type, m.payload) for m in batch), strict=True)
    await db.execute(RECEIVE, consumer, *map(list, columns))
    crash_point("inbox:after-receive")


async def prune(conn: Connection, older_than: timedelta, *, limit: int = 10_000) -> int:
    """Delete up to `limit` rows done longer ago than `older_than`; the number deleted. Dead letters stay.

    The age must exceed the time within which the transport may deliver an event again (Kafka's retention):
    a duplicate of a pruned event is no longer known for one.
    """
    return rows_affected(await conn.execute(PRUNE, older_than, limit))
