"""Take a sign-in code from identity, to be sent at once, and once per challenge."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from niyat.kernel.correlation import correlation_id
from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id
from niyat.notifications.domain import NotificationChannel

QUEUE = """
INSERT INTO scheduled_notifications
    (id, type, channel, dedupe_key, sealed, language, urgent, due_at, next_at, too_late_at, correlation_id)
SELECT $1, 'SIGN_IN_CODE', $2, $3, $4, $5, true, niyat_now(), niyat_now(), $6, $7
ON CONFLICT (dedupe_key) DO NOTHING
"""


async def queue_code(
    conn: Connection,
    challenge_id: UUID,
    channel: NotificationChannel,
    *,
    sealed: bytes,
    language: str,
    expires_at: datetime,
) -> None:
    """Queue it; a challenge that is already there is left alone. A code is never sent after `expires_at`."""
    key = f"code:{challenge_id}"
    await conn.execute(QUEUE, new_id(), channel, key, sealed, language, expires_at, correlation_id.get(""))
