"""What cannot be wanted is refused, and the field that is wrong is named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.http.preference_shapes import PreferencesBody
from niyat.notifications.preferences import Preferences

Json = dict[str, Any]
REMINDER = "APPOINTMENT_REMINDER"


def choice(kind: str, channel: str, enabled: bool) -> Json:
    return {"type": kind, "channel": channel, "enabled": enabled}


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"choices": [choice("APPOINTMENT_CANCELLED", "EMAIL", False)]}, "choices.0", "essential"),
        ({"choices": [choice("SIGN_IN_CODE", "SMS", True)]}, "choices.0", "nothing to choose"),
        ({"choices": [choice(REMINDER, "SMS", True)] * 2}, "choices", "once"),
        (
            {"choices": [choice("APPOINTMENT_CONFIRMED", way, False) for way in ("EMAIL", "SMS", "PUSH")]},
            "choices",
            "at least one channel",
        ),
        ({"choices": [choice("NEWSLETTER", "SMS", True)]}, "choices.0.type", "APPOINTMENT_REMINDER"),
        ({"language": "fr"}, "language", "'en' or 'hi'"),
        ({"time_zone": "Asia/Nowhere"}, "time_zone", "no IANA time zone"),
        ({"quiet_hours": {"starts": "22:00", "ends": "22:00"}}, "quiet_hours", "different times"),
        ({"quiet_hours": {"starts": "05:00", "ends": "04:00"}}, "quiet_hours", "at most 16 hours"),
        ({"quiet_hours": {"starts": "22:00:30", "ends": "07:00"}}, "quiet_hours.starts", "minutes alone"),
        ({"quiet_hours": {"starts": "25:00", "ends": "07:00"}}, "quiet_hours.starts", "time"),
        ({"reminder_offsets_minutes": []}, "reminder_offsets_minutes", "at least 1"),
        ({"reminder_offsets_minutes": [60, 60]}, "reminder_offsets_minutes", "once"),
        ({"reminder_offsets_minutes": [4]}, "reminder_offsets_minutes.0", "greater than or equal to 5"),
        ({"reminder_offsets_minutes": [20161]}, "reminder_offsets_minutes.0", "less than or equal to 20160"),
        ({"reminder_offsets_minutes": [10, 20, 30, 40, 50, 60]}, "reminder_offsets_minutes", "at most 5"),
        ({"quiet": True}, "quiet", "not permitted"),
    ],
)
def test_it_is_refused_by_field(body: Json, field: str, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        PreferencesBody.model_validate(body)
    problems = {".".join(map(str, each["loc"])): each["msg"] for each in refused.value.errors()}
    assert says in problems[field], problems


def test_an_empty_body_is_what_everybody_gets() -> None:
    assert PreferencesBody().value == Preferences()


def test_offsets_and_choices_are_kept_in_one_order() -> None:
    body = PreferencesBody.model_validate(
        {"reminder_offsets_minutes": [15, 90], "choices": [choice(REMINDER, "SMS", True)]}
    )
    assert body.value == Preferences(
        reminder_offsets=(timedelta(minutes=90), timedelta(minutes=15)),
        choices={(NotificationType.APPOINTMENT_REMINDER, NotificationChannel.SMS): True},
    )
