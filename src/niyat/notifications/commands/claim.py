"""Take what is due, with a lease: who holds it alone may send it and say what became of it.

A lease that ran out belonged to a worker that died, perhaps after the provider took the message. Its claim time
is kept as `unknown_since`, so that the next attempt can look before it sends, and carries the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from niyat.kernel.db import Connection, rows_affected
from niyat.kernel.ids import new_id
from niyat.notifications.commands.pace import left, spend
from niyat.notifications.domain import NotificationChannel, NotificationType

LEASE_SECONDS = 120
NO_PACE: Mapping[NotificationChannel, float] = {}


class Lane(StrEnum):
    """What is delivered side by side: a slow provider holds up its own lanes, and nothing else holds up a code."""

    URGENT_EMAIL = "URGENT_EMAIL"
    URGENT_SMS = "URGENT_SMS"
    EMAIL = NotificationChannel.EMAIL
    SMS = NotificationChannel.SMS
    PUSH = NotificationChannel.PUSH

    @property
    def urgent(self) -> bool:
        return self in {Lane.URGENT_EMAIL, Lane.URGENT_SMS}

    @property
    def channel(self) -> NotificationChannel:
        return NotificationChannel(self.removeprefix("URGENT_"))


# Two looks at two indexes: one condition with OR would sort everything that is due for every batch.
CLAIM = """
WITH abandoned AS MATERIALIZED (
    SELECT id FROM scheduled_notifications
    WHERE status = 'sending' AND lease_until <= niyat_now() AND {lane}
      AND (too_late_at IS NULL OR too_late_at > niyat_now())
    ORDER BY lease_until LIMIT $4 FOR UPDATE SKIP LOCKED),
due AS MATERIALIZED (
    SELECT id FROM scheduled_notifications
    WHERE status = 'queued' AND next_at <= niyat_now() AND {lane}
      AND (too_late_at IS NULL OR too_late_at > niyat_now())
    ORDER BY next_at LIMIT $4 FOR UPDATE SKIP LOCKED)
UPDATE scheduled_notifications SET
    status = 'sending', lease = $1, claimed_at = niyat_now(),
    lease_until = niyat_now() + make_interval(secs => $2),
    unknown_since = CASE WHEN status = 'sending' THEN COALESCE(unknown_since, claimed_at) ELSE unknown_since END,
    tries = tries + 1,
    message_id = COALESCE(message_id, '<' || id || '@' || $3 || '>')
WHERE id IN (SELECT id FROM abandoned UNION ALL SELECT id FROM due LIMIT $4)
RETURNING *
"""
CLAIM_URGENT = CLAIM.format(lane="urgent AND channel = $5")
CLAIM_ON_CHANNEL = CLAIM.format(lane="NOT urgent AND channel = $5")

MISS = """
WITH late AS (
    SELECT id FROM scheduled_notifications
    WHERE status IN ('queued', 'sending') AND too_late_at <= niyat_now()
      AND (status = 'queued' OR lease_until <= niyat_now())
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
    """A notification that is ours to send until the lease runs out. `tries` counts this one, on this channel."""

    id: UUID
    type: NotificationType
    channel: NotificationChannel
    tried_channels: Sequence[str]
    account_id: UUID | None
    appointment_id: UUID | None
    revision: int | None
    offset_minutes: int | None
    dedupe_key: str
    payload: Mapping[str, Any]
    sealed: bytes | None
    language: str | None
    urgent: bool
    lease: UUID
    claimed_at: datetime
    too_late_at: datetime | None
    unknown_since: datetime | None
    tries: int
    withheld: int
    message_id: str
    correlation_id: str


async def claim_due(
    conn: Connection,
    lane: Lane,
    *,
    mail_domain: str,
    limit: int,
    per_second: Mapping[NotificationChannel, float] = NO_PACE,
) -> list[Claimed]:
    """Claim up to `limit` of this lane that are due, the longest due first, as its channel's pace allows.

    Urgent ones do not wait for the pace, but count.
    """
    channel = lane.channel
    pace = per_second.get(channel)
    if lane.urgent:
        claimed = await _claim(conn, CLAIM_URGENT, mail_domain, limit, channel)
        if claimed and pace is not None:
            await left(conn, channel, pace)
            await spend(conn, channel, len(claimed))
        return claimed
    if pace is None:
        return await _claim(conn, CLAIM_ON_CHANNEL, mail_domain, limit, channel)
    limit = min(limit, await left(conn, channel, pace))
    claimed = await _claim(conn, CLAIM_ON_CHANNEL, mail_domain, limit, channel) if limit > 0 else []
    await spend(conn, channel, len(claimed))
    return claimed


async def _claim(
    conn: Connection, statement: str, mail_domain: str, limit: int, channel: NotificationChannel
) -> list[Claimed]:
    rows = await conn.fetch(statement, new_id(), LEASE_SECONDS, mail_domain, limit, channel)
    return [
        Claimed(
            **{name: row[name] for name in Claimed.__dataclass_fields__ if name not in {"type", "channel"}},
            type=NotificationType(row["type"]),
            channel=NotificationChannel(row["channel"]),
        )
        for row in sorted(rows, key=lambda row: (row["next_at"], row["id"]))
    ]


async def mark_missed(conn: Connection, *, limit: int = 500) -> int:
    """Give up what nobody should be told any more (a reminder long past, a lapsed code); how many."""
    return rows_affected(await conn.execute(MISS, limit))
