"""Take what is due, with a lease: who holds it alone may send it and say what became of it.

A lease that ran out belonged to a worker that died, perhaps after the provider took the message. Its claim time
is kept as `unknown_since`, so that the next attempt can look before it sends, and carries the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id
from niyat.notifications.domain import NotificationChannel, NotificationType

LEASE_SECONDS = 120

CLAIM = """
UPDATE scheduled_notifications SET
    status = 'sending', lease = $1, claimed_at = niyat_now(),
    lease_until = niyat_now() + make_interval(secs => $2),
    unknown_since = CASE WHEN status = 'sending' THEN COALESCE(unknown_since, claimed_at) ELSE unknown_since END,
    tries = tries + 1,
    message_id = COALESCE(message_id, '<' || id || '@' || $3 || '>')
WHERE id IN (
    SELECT id FROM scheduled_notifications
    WHERE ((status = 'queued' AND next_at <= niyat_now()) OR (status = 'sending' AND lease_until <= niyat_now()))
      AND (too_late_at IS NULL OR too_late_at > niyat_now())
    ORDER BY urgent DESC, next_at
    LIMIT $4 FOR UPDATE SKIP LOCKED)
RETURNING *
"""

MISS = """
WITH late AS (
    SELECT id FROM scheduled_notifications
    WHERE too_late_at <= niyat_now()
      AND (status = 'queued' OR (status = 'sending' AND lease_until <= niyat_now()))
    LIMIT $1 FOR UPDATE SKIP LOCKED),
missed AS (
    UPDATE scheduled_notifications n
    SET status = 'missed', sealed = NULL, lease = NULL, lease_until = NULL, finished_at = niyat_now()
    FROM late WHERE n.id = late.id RETURNING n.*)
INSERT INTO notification_logs (notification_id, status, channel, message_id, tries, error_code, correlation_id)
SELECT id, status, channel, message_id, tries, last_error, correlation_id FROM missed
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notification that is ours to send until the lease runs out. `tries` counts this one."""

    id: UUID
    type: NotificationType
    channel: NotificationChannel
    account_id: UUID | None
    appointment_id: UUID | None
    revision: int | None
    payload: Mapping[str, Any]
    sealed: bytes | None
    language: str | None
    urgent: bool
    lease: UUID
    claimed_at: datetime
    unknown_since: datetime | None
    tries: int
    withheld: int
    message_id: str
    correlation_id: str


async def claim_due(conn: Connection, *, mail_domain: str, limit: int) -> list[Claimed]:
    """Claim up to `limit` that are due, urgent ones first."""
    rows = await conn.fetch(CLAIM, new_id(), LEASE_SECONDS, mail_domain, limit)
    return [
        Claimed(
            **{name: row[name] for name in Claimed.__dataclass_fields__ if name not in {"type", "channel"}},
            type=NotificationType(row["type"]),
            channel=NotificationChannel(row["channel"]),
        )
        for row in sorted(rows, key=lambda row: (not row["urgent"], row["next_at"]))
    ]


async def mark_missed(conn: Connection, *, limit: int = 500) -> int:
    """Give up what nobody should be told any more (a reminder long past, a lapsed code); how many."""
    return int((await conn.execute(MISS, limit)).split()[-1])
