"""Tell a patient once more how an appointment stands, by an admin who says why."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.correlation import correlation_id
from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id
from niyat.notifications.domain import NotificationChannel, NotificationType

SEND = """
WITH queued AS (
    INSERT INTO scheduled_notifications
        (id, type, channel, account_id, appointment_id, dedupe_key, due_at, next_at, correlation_id)
    VALUES ($1::uuid, $2, $3, $4, $5, 'sent-by-hand:' || $1::uuid, niyat_now(), niyat_now(), $6)
    RETURNING *)
INSERT INTO notification_logs (notification_id, status, channel, tries, actor_id, reason, correlation_id)
SELECT id, status, channel, tries, $7, $8, correlation_id FROM queued
"""


async def send_by_hand(
    conn: Connection,
    kind: NotificationType,
    channel: NotificationChannel,
    *,
    account_id: UUID,
    appointment_id: UUID,
    actor_id: UUID,
    reason: str,
) -> UUID:
    """Queue it, of whichever revision stands; before it leaves it is checked like any other. Its id."""
    notification_id = new_id()
    await conn.execute(
        SEND,
        notification_id,
        kind,
        channel,
        account_id,
        appointment_id,
        correlation_id.get(""),
        actor_id,
        reason,
    )
    return notification_id
