"""Act on what providers said: a message arrived, or it did not.

Guarded by the notification's own status: `delivered` never goes back, a word about an earlier sending changes
nothing, and what nobody here has sent waits a day for us to write down that we did.
"""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection, Row, rows_affected
from niyat.notifications.addresses import KeptAddress
from niyat.notifications.commands.suppress import suppress
from niyat.notifications.domain import NotificationChannel, SuppressionCause

WAITING = """
SELECT r.id, r.outcome, r.error_code, r.cause, r.address_hash, r.address_masked,
       l.id AS log_id, l.notification_id, l.channel
FROM provider_reports r
CROSS JOIN LATERAL (
    SELECT id, notification_id, channel FROM notification_logs
    WHERE status = 'sent' AND provider_message_id = r.provider_message_id AND provider = r.provider
    UNION ALL
    SELECT id, notification_id, channel FROM notification_logs
    WHERE status = 'sent' AND notification_id = r.notification_id AND provider = r.provider
    ORDER BY id DESC LIMIT 1) l
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

APPLIED = "UPDATE provider_reports SET applied_at = niyat_now() WHERE id = $1"

FORGET = """
DELETE FROM provider_reports WHERE id IN (
    SELECT id FROM provider_reports
    WHERE received_at < niyat_now() - CASE WHEN applied_at IS NULL THEN interval '1 day' ELSE interval '30 days' END
    LIMIT 1000)
"""


async def apply_reports(conn: Connection, *, limit: int = 100) -> int:
    """Act on those whose message is known to have been sent; how many."""
    rows = await conn.fetch(WAITING, limit)
    for row in rows:
        await _apply(conn, row)
    return len(rows)


async def forget_reports(conn: Connection) -> int:
    """Delete what is long settled, and what was never ours; how many."""
    return rows_affected(await conn.execute(FORGET))


async def _apply(conn: Connection, row: Row) -> None:
    notification_id: UUID = row["notification_id"]
    arrived = row["outcome"] == "delivered"
    channel = NotificationChannel(row["channel"])
    await conn.execute(
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
    await conn.execute(APPLIED, row["id"])
