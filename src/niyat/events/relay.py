"""The relay hands what is in the outbox to the transport, in id order, and marks it published.

One relay leads per database, by a session-level advisory lock; the others stand by. There is no cursor: what
is unpublished is read anew each time, so that a transaction which commits late is not passed over. A leader
that lost its lock without knowing can at worst send again what was sent; the inbox drops it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

import asyncpg

from niyat.events.envelope import Message
from niyat.events.lost import LOST
from niyat.events.pump import Pump
from niyat.events.transport import Transport
from niyat.kernel.backoff import delay
from niyat.kernel.crash import crash_point
from niyat.kernel.db import Database, Row
from niyat.kernel.log import get_logger

log = get_logger(__name__)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

LEADER = (8, 1)
"""The advisory lock of the leader: the pipeline's lock space, and the relay in it (7 is the doctors')."""

PATIENCE_SECONDS = 30.0
BASE_SECONDS = 0.2
LONGEST_SECONDS = 30.0
REASON_LENGTH = 500

DEAD = (*LOST, OSError)
"""OSError includes TimeoutError, so a half-open connection counts as dead."""

LEAD = "SELECT pg_try_advisory_lock($1, $2)"

NOTICE_A_DEAD_PEER = """
SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '3', false)
"""

UNPUBLISHED = """
SELECT id, event_id, topic, key, sequence, type, payload, tries
FROM outbox o
WHERE published_at IS NULL
  AND NOT EXISTS (SELECT FROM outbox w WHERE w.topic = o.topic AND w.key = o.key
                  AND w.published_at IS NULL AND w.next_at IS NOT NULL AND w.next_at > niyat_now())
ORDER BY id LIMIT $1
"""

PUBLISHED = """
UPDATE outbox SET published_at = niyat_now(), next_at = NULL WHERE id = ANY($1) AND published_at IS NULL
"""

WAIT = """
UPDATE outbox SET tries = outbox.tries + 1, next_at = niyat_now() + f.wait, last_error = f.reason
FROM unnest($1::bigint[], $2::interval[], $3::text[]) AS f (id, wait, reason)
WHERE outbox.id = f.id AND published_at IS NULL
"""


class Relay(Pump):
    """Publishes the outbox of `db` through `transport`. Any number may run; one acts."""

    def __init__(self, db: Database, transport: Transport, *, batch: int = 200) -> None:
        super().__init__()
        self.db = db
        self.transport = transport
        self.batch = batch
        self._conn: Connection | None = None
        self._leads = False
        db.on_commit(self.poke)

    @property
    def leads(self) -> bool:
        """Whether this relay believes to be the leader."""
        return self._leads and self._conn is not None and not self._conn.is_closed()

    async def close(self) -> None:
        """Give up the lead."""
        conn, self._conn, self._leads = self._conn, None, False
        if conn is not None and not conn.is_closed():
            await conn.close(timeout=5)

    async def _work(self) -> int:
        """Publish one batch; the number of events seen, 0 when there is none or another relay leads.

        Raises what the transport raises when it is down as a whole.
        """
        try:
            conn, rows = await self._read()
        except DEAD:
            self._lose()
            conn, rows = await self._read()
        if conn is None or not rows:
            return 0
        crash_point("outbox:committed")
        failed = await self.transport.send([_message(row) for row in rows])
        crash_point("relay:after-handover")
        try:
            await self._mark(conn, rows, failed)
        except DEAD:
            self._lose()
        return len(rows)

    async def _read(self) -> tuple[Connection | None, list[Row]]:
        conn = await self._lead()
        return conn, await conn.fetch(UNPUBLISHED, self.batch, timeout=PATIENCE_SECONDS) if conn else []

    async def _lead(self) -> Connection | None:
        """The leader's connection, or None while another relay leads (then this one stands by on its own)."""
        if self._conn is None or self._conn.is_closed():
            self._leads = False
            self._conn = await self.db.dedicated_connection()
            await self._conn.execute(NOTICE_A_DEAD_PEER, timeout=PATIENCE_SECONDS)
        if not self._leads:
            self._leads = await self._conn.fetchval(LEAD, *LEADER, timeout=PATIENCE_SECONDS)
            if self._leads:
                log.info("the relay leads")
        return self._conn if self._leads else None

    def _lose(self) -> None:
        conn, self._conn, led, self._leads = self._conn, None, self._leads, False
        if conn is not None:
            conn.terminate()
        if led:
            log.warning("the relay lost its connection, and with it the lead")

    async def _mark(self, conn: Connection, rows: list[Row], failed: Mapping[UUID, str]) -> None:
        """Mark what was handed over; of a key that failed, the first failure waits and the rest is left."""
        stuck: set[tuple[str, str]] = set()
        published: list[int] = []
        waits: list[timedelta] = []
        waiting: list[int] = []
        reasons: list[str] = []
        for row in rows:
            key = (row["topic"], row["key"])
            if key in stuck:
                continue
            if row["event_id"] not in failed:
                published.append(row["id"])
                continue
            stuck.add(key)
            waiting.append(row["id"])
            waits.append(delay(row["tries"] + 1, base_seconds=BASE_SECONDS, longest_seconds=LONGEST_SECONDS))
            reasons.append(failed[row["event_id"]][:REASON_LENGTH])
        if published:
            await conn.execute(PUBLISHED, published, timeout=PATIENCE_SECONDS)
        if waiting:
            await conn.execute(WAIT, waiting, waits, reasons, timeout=PATIENCE_SECONDS)
            log.warning("events could not be handed over and wait", keys=len(waiting), reason=reasons[0])


def _message(row: Row) -> Message:
    return Message(
        event_id=row["event_id"],
        topic=row["topic"],
        key=row["key"],
        sequence=row["sequence"],
        type=row["type"],
        payload=row["payload"],
    )
