"""Reads what people want to be told, and how."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from niyat.kernel.db import Connection, Row
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.preferences import Preferences
from niyat.notifications.quiet_hours import QuietHours
from niyat.notifications.reminders import REMINDER_OFFSETS

# A row for each of them, whether or not they ever chose.
PREFERENCES = """
SELECT who.account_id, s.language, s.time_zone, s.quiet_from, s.quiet_to, s.reminder_offsets_minutes,
       ARRAY(SELECT jsonb_build_array(p.type, p.channel, p.enabled)
             FROM user_notification_preferences p WHERE p.account_id = who.account_id) AS choices,
       EXISTS (SELECT FROM user_devices d WHERE d.account_id = who.account_id) AS has_device
FROM unnest($1::uuid []) AS who (account_id) LEFT JOIN user_notification_settings s USING (account_id)
"""


async def preferences_of(conn: Connection, account_id: UUID) -> Preferences:
    """What this person wants; whoever never said gets what everybody gets."""
    return (await preferences_of_all(conn, [account_id]))[account_id]


async def preferences_of_all(conn: Connection, account_ids: Collection[UUID]) -> Mapping[UUID, Preferences]:
    """What each of them wants."""
    rows = await conn.fetch(PREFERENCES, list(set(account_ids)))
    return {row["account_id"]: _preferences(row) for row in rows}


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
