"""Send a failed notification again, by an admin who says why."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection
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


async def replay(conn: Connection, notification_id: UUID, *, actor_id: UUID, reason: str) -> None:
    """Queue it anew; it is checked again before it leaves. Raises NotificationNotFound, NotificationNotFailed."""
    if await conn.fetchval(REPLAY, notification_id, actor_id, reason) is not None:
        return
    if await conn.fetchval("SELECT 1 FROM scheduled_notifications WHERE id = $1", notification_id) is None:
        raise NotificationNotFound
    raise NotificationNotFailed
