"""Reads what people want to be told, and how."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from niyat.kernel.db import Connection, Row
from niyat.notifications.domain import REMINDER_OFFSETS, NotificationChannel, NotificationType
from niyat.notifications.preferences import Preferences
from niyat.notifications.quiet_hours import QuietHours

# Always one row, whoever it is.
PREFERENCES = """
SELECT s.language, s.time_zone, s.quiet_from, s.quiet_to, s.reminder_offsets_minutes,
       ARRAY(SELECT jsonb_build_array(p.type, p.channel, p.enabled)
             FROM user_notification_preferences p WHERE p.account_id = $1) AS choices,
       EXISTS (SELECT FROM user_devices d WHERE d.account_id = $1) AS has_device
FROM (SELECT $1::uuid AS account_id) AS who LEFT JOIN user_notification_settings s USING (account_id)
"""


async def preferences_of(conn: Connection, account_id: UUID) -> Preferences:
    """What this person wants; whoever never said gets what everybody gets."""
    row = await conn.fetchrow(PREFERENCES, account_id)
    assert row is not None  # noqa: S101 - see above
    return _preferences(row)


def _preferences(row: Row) -> Preferences:
    minutes = row["reminder_offsets_minutes"]
    return Preferences(
        choices={
            (NotificationType(kind), NotificationChannel(channel)): enabled
            for kind, channel, enabled in row["choices"]
        },
        language=row["language"],
        time_zone=row["time_zone"],
        quiet_hours=None if row["quiet_from"] is None else QuietHours(row["quiet_from"], row["quiet_to"]),
        reminder_offsets=(
            REMINDER_OFFSETS if minutes is None else tuple(timedelta(minutes=each) for each in minutes)
        ),
        has_device=row["has_device"],
    )
