"""The audit's checks of this database find what they are there for, and its tables refuse what cannot be."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from niyat.events.catalogue import RefundFailed
from niyat.notifications.checks import CHECKS
from niyat.notifications.commands.queue_code import queue_code
from niyat.notifications.commands.tell_staff import queue_staff_messages
from niyat.notifications.domain import NotificationChannel
from niyat.notifications.sealing import Code
from tests.support.notifications import World
from tests.support.notifications_visits import about_money, confirmed

SENDING = """
UPDATE scheduled_notifications SET status = 'sending', lease = id, claimed_at = niyat_now(), lease_until = niyat_now()
WHERE status = 'queued'
"""
LOG = """
INSERT INTO notification_logs (notification_id, status, channel, tries)
SELECT id, '{}', channel, 1 FROM scheduled_notifications
"""
LATE = """
UPDATE scheduled_notifications SET due_at = niyat_now() - interval '1 h', too_late_at = niyat_now() - interval '3 min'
"""
SENT, QUEUED, HOUR = (
    f" WHERE {which}" for which in ("status = 'sent'", "status = 'queued'", "offset_minutes = 60")
)
BREAKS: dict[str, list[str]] = {
    "confirmations-planned": ["DELETE FROM scheduled_notifications WHERE type = 'APPOINTMENT_CONFIRMED'"],
    "reminders-planned": [
        "DELETE FROM scheduled_notifications" + HOUR,
        "UPDATE scheduled_notifications SET revision = revision + 1" + HOUR,
    ],
    "wanted-reminders-planned": [
        "DELETE FROM scheduled_notifications" + HOUR,
        """INSERT INTO user_notification_preferences
           SELECT account_id, 'APPOINTMENT_REMINDER', 'SMS', true FROM upcoming_visits""",
    ],
    "choices-agreed-to": [
        "INSERT INTO user_notification_preferences VALUES (uuidv7(), 'PAYMENT_RECEIPT', 'SMS', true)"
    ],
    "nothing-stuck": [
        SENDING,
        "UPDATE scheduled_notifications SET next_at = niyat_now() - interval '1 s'" + QUEUED,
    ],
    "sent-once": [
        LOG.format("sent") + SENT,
        LOG.format("delivered") + QUEUED,
        LOG.format("missed") + QUEUED + ";" + LOG.format("sent") + QUEUED,
    ],
    "log-agrees-with-queue": [
        "DELETE FROM notification_logs",
        "UPDATE scheduled_notifications SET status = 'failed'" + SENT,
    ],
    "no-code-kept": [
        """ALTER TABLE scheduled_notifications DROP CONSTRAINT scheduled_notifications_secret_is_gone;
           UPDATE scheduled_notifications SET sealed = 'x' WHERE type = 'SIGN_IN_CODE'""",
        "UPDATE scheduled_notifications SET sealed = 'x', too_late_at = niyat_now() - interval '1 s'"
        + QUEUED,
    ],
    "no-reminder-late": [
        LOG.format("sent") + HOUR,
        LATE + HOUR + ";" + LOG.format("sent") + HOUR,
    ],
    "staff-told": ["UPDATE staff_messages SET queued_at = NULL"],
    "lifted-with-a-reason": [
        """INSERT INTO suppressed_addresses
               (id, channel, address_hash, address_masked, cause, error_code, lifted_at, lifted_by)
           VALUES (uuidv7(), 'EMAIL', sha256('x'), 'a', 'hard-bounce', 'x', niyat_now(), uuidv7())"""
    ],
    "reports-applied": [
        """INSERT INTO provider_reports (provider, notification_id, outcome)
           SELECT 'smtp', id, 'delivered' FROM scheduled_notifications WHERE channel = 'EMAIL'""",
        """INSERT INTO provider_reports (provider, provider_message_id, outcome)
           SELECT provider, provider_message_id, 'delivered' FROM notification_logs WHERE channel = 'SMS'""",
    ],
}
REFUSED = {
    "scheduled_notifications_tried_channels": [
        "UPDATE scheduled_notifications SET tried_channels = ARRAY[channel]",
        "UPDATE scheduled_notifications SET tried_channels = '{FAX}'",
    ],
    "scheduled_notifications_to_somebody": ["UPDATE scheduled_notifications SET account_id = NULL"],
    "scheduled_notifications_lease": ["UPDATE scheduled_notifications SET lease = id, lease_until = due_at"],
    "scheduled_notifications_lease_ends": [
        SENDING.replace("lease_until = niyat_now()", "lease_until = NULL")
    ],
    "scheduled_notifications_finished": ["UPDATE scheduled_notifications SET finished_at = due_at"],
    "scheduled_notifications_secret_is_gone": ["UPDATE scheduled_notifications SET sealed = 'x'" + SENT],
    "scheduled_notifications_offset": ["UPDATE scheduled_notifications SET offset_minutes = 15" + SENT],
    "staff_messages_to_somebody": [
        "UPDATE staff_messages SET doctor_id = message_id",
        "UPDATE staff_messages SET type = 'PAYOUT_SENT'",
    ],
}


async def people_are_told(world: World) -> None:
    """A confirmation and a sign-in code left, and an alert was queued; three reminders are still ahead."""
    visit = await world.visit()
    await world.events(
        confirmed(visit), about_money(RefundFailed, visit, refund_id=uuid4(), reason_code="bank-closed")
    )
    await queue_staff_messages(world.parts)
    sealed = world.parts.seal.close(Code(visit.phone, "204816"))
    lapses = await world.now() + timedelta(minutes=5)
    await world.db.run(
        lambda conn: queue_code(
            conn, uuid4(), NotificationChannel.SMS, sealed=sealed, language="en", expires_at=lapses
        )
    )
    await world.deliver()
    assert await world.broken_promises() == {}


def test_every_check_is_tried() -> None:
    assert [check.name for check in CHECKS] == list(BREAKS)


async def test_a_broken_promise_is_found(world: World) -> None:
    await people_are_told(world)
    owner = await asyncpg.connect(world.databases.superuser_url("notifications"))
    try:
        await owner.execute("SET session_replication_role = replica")  # past triggers and foreign keys
        for check in CHECKS:
            for damage in BREAKS[check.name]:
                broken = owner.transaction()
                await broken.start()
                await owner.execute(damage)
                found = await owner.fetch(check.sql, *([0.0] if "$1" in check.sql else []))
                assert found, f"{check.name} does not see {damage}"
                await broken.rollback()
    finally:
        await owner.close()


async def test_what_was_sent_again_after_it_failed_was_not_sent_twice(world: World) -> None:
    await people_are_told(world)
    for status in ("failed", "sent"):
        await world.db.execute(LOG.format(status) + SENT)
    assert await world.broken_promises() == {}


async def test_the_tables_refuse_what_cannot_be(world: World) -> None:
    await people_are_told(world)
    owner = await asyncpg.connect(world.databases.owner_url("notifications"))
    try:
        for name, damages in REFUSED.items():
            for damage in damages:
                with pytest.raises(asyncpg.CheckViolationError) as refused:
                    await owner.execute(damage)
                assert refused.value.constraint_name == name
    finally:
        await owner.close()
