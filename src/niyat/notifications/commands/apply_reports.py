"""Act on what providers said: a message arrived, or it did not and is tried on another channel.

Guarded by the notification's own status: `delivered` never goes back, a word about an earlier sending changes
nothing, and what nobody here has sent waits a day for us to write down that we did.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from niyat.kernel.db import Connection, Row, rows_affected
from niyat.notifications.addresses import KeptAddress
from niyat.notifications.commands.fallback import after_all
from niyat.notifications.commands.suppress import suppress
from niyat.notifications.domain import NotificationChannel, NotificationType, SuppressionCause

WAITING = """
SELECT r.id, r.outcome, r.error_code, r.cause, r.address_hash, r.address_masked,
       l.id AS log_id, l.notification_id, l.channel, n.account_id, n.type, n.tried_channels, n.dedupe_key
FROM provider_reports r
CROSS JOIN LATERAL (
    SELECT id, notification_id, channel FROM notification_logs
    WHERE status = 'sent' AND provider_message_id = r.provider_message_id AND provider = r.provider
    UNION ALL
    SELECT id, notification_id, channel FROM notification_logs
    WHERE status = 'sent' AND notification_id = r.notification_id AND provider = r.provider
    ORDER BY id DESC LIMIT 1) l
JOIN scheduled_notifications n ON n.id = l.notification_id
WHERE r.applied_at IS NULL
ORDER BY r.id LIMIT $1 FOR UPDATE OF r SKIP LOCKED
"""

# The last sending alone: an earlier one's word is history.
MOVE = """
WITH moved AS (
    UPDATE scheduled_notifications n
    SET status = $3, last_error = $4, finished_at = niyat_now()
    WHERE n.id = $1 AND n.status = 'sent'
      AND $2 = (SELECT max(l.id) FROM notification_logs l WHERE l.notification_id = n.id AND l.status = 'sent')
    RETURNING *)
INSERT INTO notification_logs (notification_id, status, channel, address_masked, provider, provider_message_id,
                               message_id, template_version, tries, error_code, correlation_id)
SELECT m.id, m.status, l.channel, l.address_masked, l.provider, l.provider_message_id,
       m.message_id, l.template_version, m.tries, $4, m.correlation_id
FROM moved m JOIN notification_logs l ON l.id = $2
"""

AGAIN = """
WITH again AS (
    UPDATE scheduled_notifications n SET
        status = 'queued', channel = $2, tried_channels = n.tried_channels || n.channel, tries = 0, withheld = 0,
        unknown_since = NULL, next_at = niyat_now(), finished_at = NULL
    WHERE n.id = $1 AND n.status = 'failed' AND (n.too_late_at IS NULL OR n.too_late_at > niyat_now())
    RETURNING *)
INSERT INTO notification_logs (notification_id, status, channel, message_id, tries, error_code, correlation_id)
SELECT id, status, channel, message_id, tries, last_error, correlation_id FROM again
"""

APPLIED = "UPDATE provider_reports SET applied_at = niyat_now() WHERE id = $1"

FORGET = """
DELETE FROM provider_reports WHERE id IN (
    SELECT id FROM provider_reports
    WHERE received_at < niyat_now() - CASE WHEN applied_at IS NULL THEN interval '1 day' ELSE interval '30 days' END
    LIMIT 1000)
"""


@dataclass(frozen=True, slots=True)
class _Undelivered:
    """What never arrived."""

    type: NotificationType
    channel: NotificationChannel
    tried_channels: Sequence[str]
    dedupe_key: str


async def apply_reports(
    conn: Connection, enabled: Collection[NotificationChannel], *, limit: int = 100
) -> int:
    """Act on those whose message is known to have been sent; how many. `enabled`: channels that are switched on."""
    rows = await conn.fetch(WAITING, limit)
    for row in rows:
        await _apply(conn, row, enabled)
    return len(rows)


async def forget_reports(conn: Connection) -> int:
    """Delete what is long settled, and what was never ours; how many."""
    return rows_affected(await conn.execute(FORGET))


async def _apply(conn: Connection, row: Row, enabled: Collection[NotificationChannel]) -> None:
    notification_id: UUID = row["notification_id"]
    arrived = row["outcome"] == "delivered"
    channel = NotificationChannel(row["channel"])
    moved = await conn.execute(
        MOVE,
        notification_id,
        row["log_id"],
        "delivered" if arrived else "failed",
        None if arrived else row["error_code"],
    )
    if row["cause"] is not None:
        await suppress(
            conn,
            KeptAddress(channel, row["address_hash"], row["address_masked"]),
            cause=SuppressionCause(row["cause"]),
            error_code=row["error_code"],
            notification_id=notification_id,
        )
    # A code is asked for again by whoever still waits for it.
    if rows_affected(moved) and not arrived and row["account_id"] is not None:
        kind = NotificationType(row["type"])
        undelivered = _Undelivered(kind, channel, row["tried_channels"], row["dedupe_key"])
        if (other := await after_all(conn, undelivered, row["account_id"], enabled)) is not None:
            await conn.execute(AGAIN, notification_id, other)
    await conn.execute(APPLIED, row["id"])
