"""Change what somebody wants to be told, and record what they agreed to or withdrew.

The record (`notification_consents`) gets a line per change and none for what stays, so sending the same twice is once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from niyat.kernel.correlation import correlation_id
from niyat.kernel.db import Connection
from niyat.notifications.commands.plan_reminders import lock_reminders, replan_reminders
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.preference_queries import preferences_of
from niyat.notifications.preferences import Choices, Preferences, by_default
from niyat.notifications.reminders import REMINDER_OFFSETS

Way: TypeAlias = Literal["preferences", "one-click", "unsubscribe-page"]

SETTINGS = """
INSERT INTO user_notification_settings
    (account_id, language, time_zone, quiet_from, quiet_to, reminder_offsets_minutes)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id) DO UPDATE SET
    language = excluded.language, time_zone = excluded.time_zone,
    quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to,
    reminder_offsets_minutes = excluded.reminder_offsets_minutes, updated_at = niyat_now()
"""
TOUCH = """
INSERT INTO user_notification_settings (account_id) VALUES ($1)
ON CONFLICT (account_id) DO UPDATE SET updated_at = niyat_now()
"""
CHOOSE = """
INSERT INTO user_notification_preferences (account_id, type, channel, enabled) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, type, channel) DO UPDATE SET enabled = excluded.enabled, updated_at = niyat_now()
"""
UNCHOOSE = "DELETE FROM user_notification_preferences WHERE account_id = $1 AND type = $2 AND channel = $3"
RECORD = """
INSERT INTO notification_consents (account_id, type, channel, enabled, way, text_version, correlation_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


@dataclass(frozen=True, kw_only=True)
class Consent:
    """By which way somebody said so, and the version of the text that they read (None: it was not told)."""

    way: Way
    text_version: str | None = None


async def set_preferences(
    conn: Connection, account_id: UUID, wanted: Preferences, consent: Consent
) -> Preferences:
    """All of it, in place of all that was: what `wanted` does not choose is by default again. As it stands then."""
    await lock_reminders(conn, account_id)
    before = await preferences_of(conn, account_id)
    quiet = wanted.quiet_hours
    minutes = [int(offset.total_seconds()) // 60 for offset in wanted.reminder_offsets]
    await conn.execute(
        SETTINGS,
        account_id,
        wanted.language,
        wanted.time_zone,
        quiet and quiet.starts,
        quiet and quiet.ends,
        None if wanted.reminder_offsets == REMINDER_OFFSETS else minutes,
    )
    await _choose(conn, account_id, before, wanted.choices, consent)
    await replan_reminders(conn, account_id)
    return await preferences_of(conn, account_id)


async def unsubscribe(
    conn: Connection, account_id: UUID, kind: NotificationType, channel: NotificationChannel, consent: Consent
) -> None:
    """Turn this one off. Nothing happens when it is."""
    await lock_reminders(conn, account_id)
    before = await preferences_of(conn, account_id)
    if before.choices.get((kind, channel)) is False:
        return
    await conn.execute(TOUCH, account_id)
    await _choose(conn, account_id, before, {**before.choices, (kind, channel): False}, consent)


async def _choose(
    conn: Connection, account_id: UUID, before: Preferences, wanted: Choices, consent: Consent
) -> None:
    for kind, channel in sorted(before.choices.keys() | wanted.keys()):
        was, now = before.choices.get((kind, channel)), wanted.get((kind, channel))
        if was == now:
            continue
        if now is None:
            await conn.execute(UNCHOOSE, account_id, kind, channel)
        else:
            await conn.execute(CHOOSE, account_id, kind, channel, now)
        await conn.execute(
            RECORD,
            account_id,
            kind,
            channel,
            by_default(before, kind, channel) if now is None else now,
            consent.way,
            consent.text_version,
            correlation_id.get(""),
        )
