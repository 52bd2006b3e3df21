"""Works off a consumer's inbox: takes a partition, then its rows as they came, each in its own transaction.

Three things keep a key's events in order and single, even when a worker lost its partition without knowing:
the list of rows leaves out keys that wait, a row is claimed (`state = 'done'`) in the transaction of its
effect, and whoever finds a row neither done nor dead leaves that key alone.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal, TypeAlias

import asyncpg
import structlog

from niyat.events.catalogue import Event, UnknownEvent, parse
from niyat.events.inbox import Consumer
from niyat.events.lost import connection_lost
from niyat.events.pump import Pump
from niyat.kernel.backoff import delay
from niyat.kernel.correlation import bound
from niyat.kernel.crash import crash_point
from niyat.kernel.db import Connection, Database, Row
from niyat.kernel.errors import NiyatError
from niyat.kernel.log import get_logger

log = get_logger(__name__)

Outcome: TypeAlias = Literal["over", "waits"]

PATIENCE_SECONDS = 30.0
BASE_SECONDS = 1.0
LONGEST_SECONDS = 300.0
CUTS_ALLOWED = 5
REASON_LENGTH = 500

PARTITIONS = """
INSERT INTO inbox_partition (consumer, part) SELECT $1, generate_series(0, 15) ON CONFLICT DO NOTHING
"""

TAKE = """
SELECT p.part FROM inbox_partition p, LATERAL (
    SELECT FROM inbox i WHERE i.consumer = p.consumer AND i.part = p.part AND i.state = 'new'
      AND NOT EXISTS (
        SELECT FROM inbox w WHERE w.consumer = i.consumer AND w.part = i.part AND w.topic = i.topic
        AND w.key = i.key AND w.state = 'new' AND w.next_at IS NOT NULL AND w.next_at > niyat_now())
    LIMIT 1) due
WHERE p.consumer = $1
ORDER BY p.visited_at, p.visits, p.part LIMIT 1 FOR UPDATE OF p SKIP LOCKED
"""

DUE = """
SELECT arrival, event_id, topic, key, type, payload, tries FROM inbox i
WHERE consumer = $1 AND part = $2 AND state = 'new'
  AND NOT EXISTS (
    SELECT FROM inbox w WHERE w.consumer = i.consumer AND w.part = i.part AND w.topic = i.topic
    AND w.key = i.key AND w.state = 'new' AND w.next_at IS NOT NULL AND w.next_at > niyat_now())
ORDER BY arrival LIMIT $3
"""

VISITED = """
UPDATE inbox_partition SET visited_at = niyat_now(), visits = visits + 1 WHERE consumer = $1 AND part = $2
"""

CLAIM = """
UPDATE inbox SET state = 'done', finished_at = niyat_now(), next_at = NULL
WHERE arrival = $1 AND state = 'new' AND (next_at IS NULL OR next_at <= niyat_now()) RETURNING true
"""

FAILED = """
UPDATE inbox SET tries = tries + 1, last_error = $2,
    state = CASE WHEN tries + 1 >= $3 THEN 'dead' ELSE 'new' END,
    next_at = CASE WHEN tries + 1 >= $3 THEN NULL ELSE niyat_now() + $4::interval END,
    finished_at = CASE WHEN tries + 1 >= $3 THEN niyat_now() END
WHERE arrival = $1 AND state = 'new' RETURNING state
"""


class HandlingInterrupted(NiyatError):
    """The database connection was lost while an event was handled; the event stays and is handled again."""


class InboxWorker(Pump):
    """Works off `consumer`'s inbox in `db`. Any number may run, in any number of processes.

    A failed handler costs its event a try; a lost connection costs none, as it says nothing about the event,
    until the same event has met `CUTS_ALLOWED` of them in this worker: then it may be what kills the backend.
    """

    def __init__(self, db: Database, consumer: Consumer, *, batch: int = 100) -> None:
        super().__init__()
        self.db = db
        self.consumer = consumer
        self.batch = batch
        self._conn: asyncpg.Connection[asyncpg.Record] | None = None
        self._cuts: Counter[int] = Counter()

    async def close(self) -> None:
        """Give back the connection that holds partitions."""
        conn, self._conn = self._conn, None
        if conn is not None and not conn.is_closed():
            await conn.close(timeout=5)

    async def _work(self) -> int:
        """Work off one partition's due rows, up to a batch; the number of rows looked at, 0 when none is due.

        Raises HandlingInterrupted, or what asyncpg raises, when the database went away.
        """
        conn = await self._connected()
        try:
            await conn.execute("BEGIN", timeout=PATIENCE_SECONDS)
            part = await conn.fetchval(TAKE, self.consumer.name, timeout=PATIENCE_SECONDS)
            rows: list[Row] = []
            if part is not None:
                rows = await conn.fetch(DUE, self.consumer.name, part, self.batch, timeout=PATIENCE_SECONDS)
                await self._work_off(rows)
                await conn.execute(VISITED, self.consumer.name, part, timeout=PATIENCE_SECONDS)
            await conn.execute("COMMIT", timeout=PATIENCE_SECONDS)
            return len(rows)
        except BaseException:
            conn.terminate()
            self._conn = None
            raise

    async def _connected(self) -> asyncpg.Connection[asyncpg.Record]:
        if self._conn is None or self._conn.is_closed():
            self._conn = await self.db.dedicated_connection()
            await self._conn.execute(PARTITIONS, self.consumer.name, timeout=PATIENCE_SECONDS)
        return self._conn

    async def _work_off(self, rows: list[Row]) -> None:
        left_alone: set[tuple[str, str]] = set()
        for row in rows:
            key = (row["topic"], row["key"])
            if key not in left_alone and await self._handle(row) == "waits":
                left_alone.add(key)

    async def _handle(self, row: Row) -> Outcome:
        fields = {"consumer": self.consumer.name, "event_type": row["type"], "event_id": str(row["event_id"])}
        with bound(row["payload"].get("correlationid")), structlog.contextvars.bound_contextvars(**fields):
            attempt = _Attempt(self.consumer, row)
            try:
                await self.db.run(attempt)
            except Exception as error:
                if attempt.says_nothing_about_the_event(error):
                    self._cuts[row["arrival"]] += 1
                    if self._cuts[row["arrival"]] < CUTS_ALLOWED:
                        raise HandlingInterrupted from error
                return await self._failed(row, error)
            crash_point("inbox:after-commit")
            self._cuts.pop(row["arrival"], None)
            return "over" if attempt.claimed else await self._found(row)

    async def _found(self, row: Row) -> Outcome:
        """What another worker has made of the row."""
        state = await self.db.fetchval("SELECT state FROM inbox WHERE arrival = $1", row["arrival"])
        return "waits" if state == "new" else "over"

    async def _failed(self, row: Row, error: Exception) -> Outcome:
        reason = _reason(error)
        wait = delay(row["tries"] + 1, base_seconds=BASE_SECONDS, longest_seconds=LONGEST_SECONDS)
        state = await self.db.fetchval(FAILED, row["arrival"], reason, self.consumer.max_tries, wait)
        if state == "new":
            log.warning("an event could not be handled and waits", tries=row["tries"] + 1, reason=reason)
            return "waits"
        self._cuts.pop(row["arrival"], None)
        log.error("an event was set aside as a dead letter", tries=row["tries"] + 1, reason=reason)
        return "over"


def _reason(error: Exception) -> str:
    """The error's first line: PostgreSQL's second one (DETAIL) quotes values, which may be a person's."""
    said = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {said}"[:REASON_LENGTH]


class _Attempt:
    """One event's transaction: claim the row, bring about the effect. Remembers how far it came."""

    def __init__(self, consumer: Consumer, row: Row) -> None:
        self.consumer = consumer
        self.row = row
        self.claimed = False
        self._reached: Literal["nothing", "cut", "handler"] = "nothing"

    async def __call__(self, conn: Connection) -> None:
        self.claimed = bool(await conn.fetchval(CLAIM, self.row["arrival"]))
        if not self.claimed:
            return
        self._reached = "handler"
        try:
            await self._effect(conn)
        except Exception:
            if conn.is_closed():
                self._reached = "cut"
            raise
        crash_point("inbox:after-effect")

    async def _effect(self, conn: Connection) -> None:
        if self.row["type"] not in self.consumer.types:
            return
        event = self._event()
        handler = self.consumer.handlers.get(type(event))
        if handler is None:
            raise UnknownEvent(f"{self.consumer.name} handles no version {event.version} of {event.type}.")
        await handler(conn, event)

    def _event(self) -> Event:
        payload = self.row["payload"]
        return parse(self.row["type"], payload["schemaversion"], payload["data"])

    def says_nothing_about_the_event(self, error: Exception) -> bool:
        """Whether the database failed rather than the handler. (At commit, a deferred constraint may speak.)"""
        return self._reached in ("nothing", "cut") or connection_lost(error)
