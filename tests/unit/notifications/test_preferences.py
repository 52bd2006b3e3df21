"""Whoever said no is not told; whoever must know is; and nobody changes what others hear."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from niyat.notifications.categories import CATEGORY, Category
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.preferences import (
    Preferences,
    channels_for,
    may_be_refused,
    must_reach,
    offsets_for,
    quiet_until,
    refused,
)
from niyat.notifications.quiet_hours import QuietHours
from niyat.notifications.reminders import REMINDER_OFFSETS
from tests.support.preferences import MOMENTS, PREFERENCES, ZONES

KINDS = st.sampled_from(NotificationType)
CHANNELS = st.sampled_from(NotificationChannel)
EMAIL, SMS, PUSH = NotificationChannel
REMINDER = NotificationType.APPOINTMENT_REMINDER


def test_whoever_never_chose_is_mailed_and_offers_are_texted_too() -> None:
    for kind in NotificationType:
        wanted = (EMAIL, SMS) if kind is NotificationType.WAITLIST_OFFERED else (EMAIL,)
        assert channels_for(Preferences(), kind) == wanted
        assert channels_for(Preferences(has_device=True), kind) == (*wanted, PUSH)


@given(PREFERENCES, KINDS)
def test_what_must_arrive_always_has_a_way(preferences: Preferences, kind: NotificationType) -> None:
    channels = channels_for(preferences, kind)
    if must_reach(kind):
        assert channels
    if CATEGORY[kind] in {Category.ACCOUNT, Category.ESSENTIAL}:
        assert EMAIL in channels
        assert not refused(preferences, kind, EMAIL)


@given(PREFERENCES, KINDS, CHANNELS)
def test_what_was_refused_is_neither_planned_nor_sent(
    preferences: Preferences, kind: NotificationType, channel: NotificationChannel
) -> None:
    planned = channel in channels_for(preferences, kind)
    assert not (planned and refused(preferences, kind, channel))
    said = preferences.choices.get((kind, channel))
    if said is False and may_be_refused(kind, channel) and not must_reach(kind):
        assert not planned
        assert refused(preferences, kind, channel)
    if said is True and may_be_refused(kind, channel):
        assert planned
    if said is None:
        assert not refused(preferences, kind, channel)


@given(PREFERENCES, KINDS, CHANNELS, st.booleans())
def test_a_choice_concerns_its_own_type_alone(
    preferences: Preferences, kind: NotificationType, channel: NotificationChannel, enabled: bool
) -> None:
    choices = {**preferences.choices, (kind, channel): enabled}
    changed = Preferences(choices=choices, has_device=preferences.has_device)
    for other in set(NotificationType) - {kind}:
        assert channels_for(changed, other) == channels_for(preferences, other)


@given(PREFERENCES, st.sampled_from(REMINDER_OFFSETS))
def test_a_reminder_at_an_offset_that_is_no_longer_wanted_is_refused(
    preferences: Preferences, offset: timedelta
) -> None:
    assert list(offsets_for(preferences)) == sorted(preferences.reminder_offsets, reverse=True)
    if offset not in preferences.reminder_offsets:
        assert refused(preferences, REMINDER, EMAIL, offset)
    else:
        assert refused(preferences, REMINDER, EMAIL, offset) == refused(preferences, REMINDER, EMAIL)


@given(PREFERENCES, KINDS, MOMENTS, ZONES)
def test_a_message_waits_until_no_clock_there_shows_quiet_hours(
    preferences: Preferences, kind: NotificationType, moment: datetime, zone: str
) -> None:
    until = quiet_until(preferences, kind, moment, zone)
    quiet = preferences.quiet_hours
    if quiet is None or CATEGORY[kind] in {Category.ACCOUNT, Category.ESSENTIAL}:
        assert until is None
        return
    there = preferences.time_zone or zone
    if _shows_quiet(quiet, moment, there):
        assert until is not None
    if until is not None:
        assert moment < until <= moment + quiet.length + timedelta(hours=2)
        assert not _shows_quiet(quiet, until, there)
        assert quiet_until(preferences, kind, until, zone) is None  # it is kept once, not again and again


@given(PREFERENCES, MOMENTS, ZONES)
def test_a_message_never_waits_far_from_a_quiet_hour(
    preferences: Preferences, moment: datetime, zone: str
) -> None:
    """Only around a change of the clocks is anything kept while the clock on the wall shows no quiet hour."""
    quiet = preferences.quiet_hours
    there = preferences.time_zone or zone
    if quiet is None or quiet_until(preferences, REMINDER, moment, zone) is None:
        return
    near = [moment + timedelta(minutes=15) * step for step in range(-8, 9)]
    assert any(_shows_quiet(quiet, each, there) for each in near)


def test_a_night_with_a_change_of_the_clocks() -> None:
    night = QuietHours(time(22), time(2, 30))
    berlin = "Europe/Berlin"
    # 29 March 2026: 02:00 becomes 03:00, so half past two is never.
    assert night.until(datetime(2026, 3, 29, 0, 59, tzinfo=UTC), berlin) == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )
    # 25 October 2026: 03:00 becomes 02:00, so half past two is twice; the second one counts.
    for hour, minute in ((23, 30), (0, 45), (1, 15)):
        day = 24 if hour == 23 else 25
        moment = datetime(2026, 10, day, hour, minute, tzinfo=UTC)
        assert night.until(moment, berlin) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert night.until(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), berlin) is None


def test_the_zone_somebody_chose_for_messages_goes_before_that_of_the_account() -> None:
    preferences = Preferences(quiet_hours=QuietHours(time(22), time(7)), time_zone="America/New_York")
    evening_in_india = datetime(2026, 6, 1, 17, 30, tzinfo=UTC)
    assert quiet_until(preferences, REMINDER, evening_in_india, "Asia/Kolkata") is None
    night_in_new_york = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
    ends = quiet_until(preferences, REMINDER, night_in_new_york, "Asia/Kolkata")
    assert ends == datetime(2026, 6, 1, 11, 0, tzinfo=UTC)


def _shows_quiet(quiet: QuietHours, moment: datetime, zone: str) -> bool:
    """Written anew on purpose: what a clock on the wall shows, minute by minute."""
    clock = moment.astimezone(ZoneInfo(zone)).time()
    if quiet.starts < quiet.ends:
        return quiet.starts <= clock < quiet.ends
    return clock >= quiet.starts or clock < quiet.ends
