"""What people and staff see of notifications. Newest first; the cursor is the last id of the page before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from niyat.kernel.db import Database, Row
from niyat.notifications.domain import NotificationChannel, NotificationStatus, NotificationType
from niyat.notifications.errors import NotificationNotFound

COLUMNS = """
n.id AS notification_id, n.type, n.channel, n.status, n.account_id, n.appointment_id,
n.revision, n.offset_minutes, n.due_at, n.created_at, n.finished_at, n.tries, n.last_error, n.message_id
"""

LIST = f"""
SELECT {COLUMNS} FROM scheduled_notifications n
WHERE ($1::uuid IS NULL OR n.account_id = $1)
  AND ($2::text IS NULL OR n.status = $2)
  AND ($3::text IS NULL OR n.type = $3)
  AND ($4::uuid IS NULL OR n.appointment_id = $4)
  AND ($5::text IS NULL OR n.channel = $5)
  AND ($6::timestamptz IS NULL OR n.due_at >= $6)
  AND ($7::timestamptz IS NULL OR n.due_at < $7)
  AND ($8::uuid IS NULL OR n.id < $8)
ORDER BY n.id DESC LIMIT $9
"""  # noqa: S608 - our own column list

FAILURES = """
SELECT type, channel, last_error AS error_code, count(*) AS count,
       min(finished_at) AS first_at, max(finished_at) AS last_at
FROM scheduled_notifications WHERE status = 'failed'
GROUP BY type, channel, last_error ORDER BY max(finished_at) DESC, type, channel, last_error LIMIT 500
"""

FIND = f"SELECT {COLUMNS} FROM scheduled_notifications n WHERE n.id = $1"  # noqa: S608

LOG = """
SELECT status, channel, address_masked, provider, provider_message_id, template_version, tries, error_code,
       actor_id, reason, recorded_at
FROM notification_logs WHERE notification_id = $1 ORDER BY id
"""

SUPPRESSIONS = """
SELECT id AS suppression_id, channel, address_masked, cause, error_code, notification_id, account_id, suppressed_at
FROM suppressed_addresses
WHERE lifted_at IS NULL AND ($1::uuid IS NULL OR account_id = $1) AND ($2::uuid IS NULL OR id < $2)
ORDER BY id DESC LIMIT $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationFilter:
    """Which notifications; what is not said is any. From `due_from`, before `due_before`."""

    account_id: UUID | None = None
    status: NotificationStatus | None = None
    type: NotificationType | None = None
    appointment_id: UUID | None = None
    channel: NotificationChannel | None = None
    due_from: datetime | None = None
    due_before: datetime | None = None


async def list_notifications(
    db: Database, wanted: NotificationFilter, *, before: UUID | None = None, limit: int
) -> Sequence[Row]:
    """Notifications before that one, the newest first: up to `limit`, and one more when there are more."""
    return await db.fetch(
        LIST,
        wanted.account_id,
        wanted.status,
        wanted.type,
        wanted.appointment_id,
        wanted.channel,
        wanted.due_from,
        wanted.due_before,
        before,
        limit + 1,
    )


async def failures(db: Database) -> Sequence[Row]:
    """The dead letter by type, channel and cause, the latest first."""
    return await db.fetch(FAILURES)


async def find_notification(db: Database, notification_id: UUID) -> tuple[Row, Sequence[Row]]:
    """One notification and its log. Raises NotificationNotFound."""
    row = await db.fetchrow(FIND, notification_id)
    if row is None:
        raise NotificationNotFound
    return row, await db.fetch(LOG, notification_id)


async def list_suppressions(
    db: Database, *, account_id: UUID | None = None, before: UUID | None = None, limit: int
) -> Sequence[Row]:
    """Addresses that nothing is sent to, newest first: up to `limit`, and one more when there are more."""
    return await db.fetch(SUPPRESSIONS, account_id, before, limit + 1)
