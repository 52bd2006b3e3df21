"""Store what is to be told, on each channel on which it is wanted.

The dedupe key, an intent's meaning and the channel, decides: what is already there is left alone, whatever became
of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from niyat.kernel.correlation import correlation_id
from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id
from niyat.notifications.domain import PROMISES, TOLD_OF_MONEY, Intent, NotificationChannel
from niyat.notifications.preference_queries import preferences_of_all
from niyat.notifications.preferences import channels_for

PLAN = """
INSERT INTO scheduled_notifications
    (id, type, channel, account_id, appointment_id, revision, offset_minutes, dedupe_key, payload,
     due_at, next_at, too_late_at, correlation_id)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, due.at, due.at, $11, $12
FROM (SELECT COALESCE($10, niyat_now()) AS at) AS due
WHERE $7::bigint IS NULL OR due.at > niyat_now()        -- a reminder whose time has passed is not planned
ON CONFLICT DO NOTHING
"""

STORE_UNWANTED = """
WITH unwanted AS (
    INSERT INTO scheduled_notifications
        (id, type, channel, account_id, appointment_id, revision, dedupe_key, payload, due_at, next_at, correlation_id,
         status, last_error, finished_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, niyat_now(), niyat_now(), $9, 'suppressed', 'opted-out', niyat_now())
    ON CONFLICT DO NOTHING
    RETURNING *)
INSERT INTO notification_logs (notification_id, status, channel, message_id, tries, error_code, correlation_id)
SELECT id, status, channel, message_id, tries, last_error, correlation_id FROM unwanted
"""

WITHDRAW = """
WITH withdrawn AS (
    UPDATE scheduled_notifications
    SET status = 'suppressed', last_error = $1, sealed = NULL, finished_at = niyat_now()
    WHERE appointment_id = $2 AND status = 'queued' AND ($4::bigint IS NULL OR revision < $4)
      AND (type = ANY ($3) OR (type = 'SCHEDULE_CHANGED' AND payload ->> 'previous_starts_at' IS NOT NULL))
    RETURNING *)
INSERT INTO notification_logs (notification_id, status, channel, message_id, tries, error_code, correlation_id)
SELECT id, status, channel, message_id, tries, last_error, correlation_id FROM withdrawn
"""


async def plan(conn: Connection, intents: Sequence[Intent]) -> None:
    """Queue each intent that is new, on each channel on which its person wants it.

    What nobody wants is stored all the same where it makes another message untrue (`TOLD_OF_MONEY`).
    """
    preferences = await preferences_of_all(conn, {intent.account_id for intent in intents})
    for intent in intents:
        channels = channels_for(preferences[intent.account_id], intent.type)
        for channel in channels:
            await _queue(conn, intent, channel)
        if not channels and intent.type in TOLD_OF_MONEY:
            await _store_unwanted(conn, intent)


async def _queue(conn: Connection, intent: Intent, channel: NotificationChannel) -> None:
    await conn.execute(
        PLAN,
        new_id(),
        intent.type,
        channel,
        intent.account_id,
        intent.appointment_id,
        intent.revision,
        None if intent.offset is None else int(intent.offset.total_seconds()) // 60,
        f"{intent.meaning}:{channel}",
        dict(intent.payload),
        intent.due_at,
        intent.too_late_at,
        correlation_id.get(""),
    )


async def _store_unwanted(conn: Connection, intent: Intent) -> None:
    await conn.execute(
        STORE_UNWANTED,
        new_id(),
        intent.type,
        NotificationChannel.EMAIL,
        intent.account_id,
        intent.appointment_id,
        intent.revision,
        f"{intent.meaning}:{NotificationChannel.EMAIL}",
        dict(intent.payload),
        correlation_id.get(""),
    )


async def withdraw_promises(
    conn: Connection, appointment_id: UUID, *, because: str, before_revision: int | None = None
) -> None:
    """Suppress what is queued and says that this visit will take place (at an earlier revision, if one is given).

    A doctor's notice of an earlier move goes with it. What is being sent at this moment is held against the
    appointment itself, by `reach`; what will now not be said is told with what comes next, by `unheard`.
    """
    await conn.execute(WITHDRAW, because, appointment_id, list(PROMISES), before_revision)
