"""Forgetting what only mattered for repetitions: handed-over events, handled ones, answered idempotency keys."""

from __future__ import annotations

from datetime import timedelta

from niyat.events import inbox, outbox
from niyat.kernel.db import Connection, Database
from niyat.kernel.idempotency import forget
from niyat.kernel.jobs import Job

HOUR_SECONDS = 3600.0
PUBLISHED_KEPT = timedelta(days=7)
HANDLED_KEPT = timedelta(days=30)


def housekeeping(service: str, db: Database) -> Job:
    """The job that every service has: batch by batch, until nothing old is left."""

    async def batch(conn: Connection) -> int:
        return (
            await outbox.prune(conn, PUBLISHED_KEPT)
            + await inbox.prune(conn, HANDLED_KEPT)
            + await forget(conn)
        )

    async def until_nothing_is_left() -> None:
        while await db.run(batch):
            pass

    return Job(f"{service}: forget", HOUR_SECONDS, until_nothing_is_left)
