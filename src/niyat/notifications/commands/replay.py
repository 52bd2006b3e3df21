"""Send failed notifications again, by an admin who says why: one of them, or what failed for one cause."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection, rows_affected
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.errors import NotificationNotFailed, NotificationNotFound

# A code is never sent again: whoever still waits for one asks for another.
REPLAY = """
WITH chosen AS (
    SELECT id FROM scheduled_notifications WHERE status = 'failed' AND type <> 'SIGN_IN_CODE' AND {which}),
replayed AS (
    UPDATE scheduled_notifications n
    SET status = 'queued', tries = 0, withheld = 0, next_at = niyat_now(), finished_at = NULL, last_error = NULL,
        channel = COALESCE(n.tried_channels[1], n.channel), tried_channels = '{{}}'
    FROM chosen WHERE n.id = chosen.id RETURNING n.*)
INSERT INTO notification_logs (notification_id, status, channel, message_id, tries, actor_id, reason, correlation_id)
SELECT id, status, channel, message_id, tries, $1, $2, correlation_id FROM replayed
"""
REPLAY_ONE = REPLAY.format(which="id = $3 FOR UPDATE")
REPLAY_ALL = REPLAY.format(
    which="type = $3 AND channel = $4 AND last_error = $5 ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED"
)


async def replay(conn: Connection, notification_id: UUID, *, actor_id: UUID, reason: str) -> None:
    """Queue it anew; it is checked again before it leaves. Raises NotificationNotFound, NotificationNotFailed."""
    if rows_affected(await conn.execute(REPLAY_ONE, actor_id, reason, notification_id)):
        return
    if await conn.fetchval("SELECT 1 FROM scheduled_notifications WHERE id = $1", notification_id) is None:
        raise NotificationNotFound
    raise NotificationNotFailed


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
    return rows_affected(await conn.execute(REPLAY_ALL, actor_id, reason, kind, channel, error_code))
