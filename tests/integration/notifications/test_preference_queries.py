"""What somebody chose is what delivery reads."""

from __future__ import annotations

from datetime import time, timedelta
from uuid import uuid4

from niyat.notifications.commands.set_preferences import Consent, set_preferences
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.preference_queries import preferences_of
from niyat.notifications.preferences import Preferences
from niyat.notifications.quiet_hours import QuietHours
from tests.support.notifications import World


async def test_whoever_never_chose_has_what_everybody_has(world: World) -> None:
    assert await world.db.run(preferences_of, uuid4()) == Preferences()


async def test_what_is_stored_is_read(world: World) -> None:
    account_id = uuid4()
    wanted = Preferences(
        choices={(NotificationType.APPOINTMENT_REMINDER, NotificationChannel.SMS): True},
        language="hi",
        time_zone="Europe/Berlin",
        quiet_hours=QuietHours(time(22, 30), time(7)),
        reminder_offsets=(timedelta(minutes=90), timedelta(minutes=15)),
        has_device=True,
    )
    await world.db.execute(
        "INSERT INTO user_devices (id, account_id, token, platform) VALUES ($1, $2, 'a token', 'WEB')",
        uuid4(),
        account_id,
    )
    consent = Consent(way="preferences")
    assert await world.db.run(set_preferences, account_id, wanted, consent) == wanted
    assert await world.db.run(preferences_of, account_id) == wanted
    assert await world.db.run(preferences_of, uuid4()) == Preferences()
