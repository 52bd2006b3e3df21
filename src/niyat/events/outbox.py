"""Publishing: a row in `outbox`, in the command's own transaction; the relay does the rest.

Lock the key's row **before** you publish and take `sequence` from it (the appointment in appointments, the
`payment_cases` row in payments): only then is id order commit order for that key.

A statement that only learns the event's data as it runs (the reservation) inserts its own row in a CTE:

    draft = draft_for(AppointmentReserved, sequence=1)
    … o AS (INSERT INTO outbox (event_id, topic, key, sequence, type, payload)
            SELECT $8, 'appointment-events', a.id, 1, 'APPOINTMENT_RESERVED',
                   niyat_envelope($9, a.id::text, jsonb_build_object('appointment_id', a.id, …)) FROM a)

with `draft.event_id` as $8 and `draft.payload` as $9, then says `db.committed()` if it did not go through
`run`.
"""

from __future__ import annotations

from datetime import timedelta

from niyat.events.catalogue import Event
from niyat.events.envelope import draft_for, envelope_for, message_for
from niyat.kernel.db import Connection, rows_affected

__all__ = ["draft_for", "envelope_for", "prune", "publish"]

INSERT = """
INSERT INTO outbox (event_id, topic, key, sequence, type, payload) VALUES ($1, $2, $3, $4, $5, $6)
"""

PRUNE = """
DELETE FROM outbox WHERE id IN (
    SELECT id FROM outbox WHERE published_at < niyat_now() - $1::interval ORDER BY id LIMIT $2)
"""


async def publish(conn: Connection, event: Event, *, sequence: int) -> None:
    """Store `event` as the `sequence`-th of its topic and key, in the transaction open on `conn`.

    Raises asyncpg.UniqueViolationError (`outbox_sequence_is_unique`) when that number was already used, which
    means that the key's row was not locked.
    """
    message = message_for(event, sequence)
    await conn.execute(
        INSERT,
        message.event_id,
        message.topic,
        message.key,
        message.sequence,
        message.type,
        message.payload,
    )


async def prune(conn: Connection, older_than: timedelta, *, limit: int = 10_000) -> int:
    """Delete up to `limit` rows published longer ago than `older_than`; the number deleted."""
    return rows_affected(await conn.execute(PRUNE, older_than, limit))
