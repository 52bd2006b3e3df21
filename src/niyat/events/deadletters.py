"""Events that a consumer could not handle: listed with the reason, and replayable.

A replay runs late: later events of its key have been handled meanwhile. Handlers guard by state, and guarded
transitions and unique keys decide what it may still do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from niyat.kernel.db import Connection, Row
from niyat.kernel.errors import NiyatError

COLUMNS = """
arrival, consumer, event_id, topic, key, type, tries, last_error, received_at, payload"""

LIST = f"""
SELECT {COLUMNS} FROM inbox
WHERE state = 'dead' AND arrival > $1 AND ($2::text IS NULL OR consumer = $2) ORDER BY arrival LIMIT $3
"""  # noqa: S608 (a constant of ours)

REPLAY = f"""
UPDATE inbox SET state = 'new', tries = 0, next_at = NULL, finished_at = NULL
WHERE arrival = $1 AND state = 'dead' RETURNING {COLUMNS}
"""  # noqa: S608 (a constant of ours)


class DeadLetterNotFound(NiyatError):
    """There is no such dead letter; it may have been replayed already. List them again."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event set aside: which, for whom, how often it was tried and what the last try said."""

    id: int
    consumer: str
    event_id: UUID
    topic: str
    key: str
    type: str
    tries: int
    last_error: str
    received_at: datetime
    envelope: dict[str, Any]


async def list_dead(
    conn: Connection, *, consumer: str | None = None, after: int = 0, limit: int = 100
) -> list[DeadLetter]:
    """Dead letters in order of arrival, of one consumer or of all, from the one after id `after`."""
    return [_letter(row) for row in await conn.fetch(LIST, after, consumer, limit)]


async def replay(conn: Connection, letter_id: int) -> DeadLetter:
    """Put a dead letter back into the inbox with its tries reset; what it was. Raises DeadLetterNotFound."""
    row = await conn.fetchrow(REPLAY, letter_id)
    if row is None:
        raise DeadLetterNotFound
    return _letter(row)


def _letter(row: Row) -> DeadLetter:
    return DeadLetter(
        id=row["arrival"],
        consumer=row["consumer"],
        event_id=row["event_id"],
        topic=row["topic"],
        key=row["key"],
        type=row["type"],
        tries=row["tries"],
        last_error=row["last_error"],
        received_at=row["received_at"],
        envelope=row["payload"],
    )
