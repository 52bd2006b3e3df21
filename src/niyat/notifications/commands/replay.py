"""Send a failed notification again, by an admin who says why."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection, rows_affected
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.errors import NotificationNotFailed, NotificationNotFound

REPLAY = """
WITH replayed AS (
    UPDATE scheduled_notifications
    SET status = 'queued', tries = 0, withheld = 0, next_at = niyat_now(), finished_at = NULL, last_error = NULL,
        channel = COALESCE(tried_channels[1], channel), tried_channels = '{}'
    WHERE id = $1 AND status = 'failed' AND type <> 'SIGN_IN_CODE'
    RETURNING *)
INSERT INTO notification_logs (notification_id, status, channel, message_id, tries, actor_id, reason, correlation_id)
SELECT id, status, channel, message_id, tries, $2, $3, correlation_id FROM replayed
RETURNING notification_id
"""


REPLAY_ALL = """
WITH chosen AS (
    SELECT id FROM scheduled_notifications
    WHERE status = 'failed' AND type <> 'SIGN_IN_CODE' AND type = $1 AND channel = $2 AND last_error = $3
    ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED),
replayed AS (
    UPDATE scheduled_notifications n
    SET status = 'queued', tries = 0, withheld = 0, next_at = niyat_now(), finished_at = NULL, last_error = NULL,
        channel = COALESCE(n.tried_channels[1], n.channel), tried_channels = '{}'
    FROM chosen WHERE n.id = chosen.id RETURNING n.*)
INSERT INTO notification_logs (notification_id, status, channel, message_id, tries, actor_id, reason, correlation_id)
SELECT id, status, channel, message_id, tries, $4, $5, correlation_id FROM replayed
"""


async def replay_all(
    conn: Connection,
    kind: NotificationType,
    channel: NotificationChannel,
    error_code: str,
    *,
    actor_id: UUID,
    reason: str,
) -> int:
    """Queue up to 1,000 anew that failed for this cause, the oldest first; how many."""
    return rows_affected(await conn.execute(REPLAY_ALL, kind, channel, error_code, actor_id, reason))


async def replay(conn: Connection, notification_id: UUID, *, actor_id: UUID, reason: str) -> None:
    """Queue it anew; it is checked again before it leaves. Raises NotificationNotFound, NotificationNotFailed."""
    if await conn.fetchval(REPLAY, notification_id, actor_id, reason) is not None:
        return
    if await conn.fetchval("SELECT 1 FROM scheduled_notifications WHERE id = $1", notification_id) is None:
        raise NotificationNotFound
    raise NotificationNotFailed
