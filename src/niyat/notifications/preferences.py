"""What somebody wants to be told, by which way, and when. Values in, values out; `preference_queries` reads them.

A choice is somebody's own word about one type on one channel. Without one the default counts: by mail, on every
device that was registered, and by text message where minutes matter. A text message that was not chosen may still
stand in for a mail that cannot arrive; one that was refused may not, unless nothing else is left for what must arrive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from niyat.notifications.categories import CATEGORY, Category
from niyat.notifications.domain import (
    ON_EVERY_CHANNEL,
    NotificationChannel,
    NotificationType,
)
from niyat.notifications.quiet_hours import QuietHours
from niyat.notifications.reminders import REMINDER_OFFSETS

MOST_OFFSETS = 5
SHORTEST_OFFSET = timedelta(minutes=5)
LONGEST_OFFSET = timedelta(days=14)
LONGEST_QUIET = timedelta(hours=16)
"""Whoever wants more quiet than that turns messages off: deferred, they would come in a heap, and late."""

_C = NotificationChannel
Choices = Mapping[tuple[NotificationType, NotificationChannel], bool]


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """One person's. `language` and `time_zone`: None is the account's. Without any row, this is as it begins."""

    choices: Choices = field(default_factory=dict)
    language: str | None = None
    time_zone: str | None = None
    quiet_hours: QuietHours | None = None
    reminder_offsets: tuple[timedelta, ...] = REMINDER_OFFSETS
    has_device: bool = False


def may_be_chosen(kind: NotificationType) -> bool:
    """Whether there is anything to choose: whoever asks for a code says where it goes."""
    return CATEGORY[kind] is not Category.ACCOUNT


def may_be_refused(kind: NotificationType, channel: NotificationChannel) -> bool:
    """Whether this channel can be turned off. What is essential is always mailed: calendars follow those mails."""
    category = CATEGORY[kind]
    return category is not Category.ACCOUNT and not (category is Category.ESSENTIAL and channel is _C.EMAIL)


def must_reach(kind: NotificationType) -> bool:
    """Whether it must arrive by some way. As a last resort even a channel that was turned off may be used."""
    return (
        CATEGORY[kind] in {Category.ACCOUNT, Category.ESSENTIAL}
        or kind is NotificationType.APPOINTMENT_CONFIRMED
    )


def cannot_be_missed(kind: NotificationType) -> bool:
    """Whether quiet hours give way when there is no morning to keep it for: an offer is lost by then."""
    return must_reach(kind) or kind is NotificationType.WAITLIST_OFFERED


def by_default(preferences: Preferences, kind: NotificationType, channel: NotificationChannel) -> bool:
    """Whether it is told on this channel to whoever has not chosen."""
    if channel is _C.PUSH:
        return preferences.has_device
    return channel is _C.EMAIL or kind in ON_EVERY_CHANNEL


def channels_for(preferences: Preferences, kind: NotificationType) -> tuple[NotificationChannel, ...]:
    """The channels on which to plan it, each an intent of its own; none where it was refused altogether."""
    wanted = tuple(channel for channel in _C if _wanted(preferences, kind, channel))
    return wanted or ((_C.EMAIL,) if must_reach(kind) else ())


def refused(
    preferences: Preferences,
    kind: NotificationType,
    channel: NotificationChannel,
    offset: timedelta | None = None,
    *,
    stands_in: bool = False,
) -> bool:
    """Whether they said no to it, perhaps after it was planned: held against what is about to leave.

    `offset`: of a planned reminder; refused as well when it is not among those wanted now. `stands_in`: for a channel
    that does not work; what must arrive is not refused then.
    """
    if offset is not None and offset not in offsets_for(preferences):
        return True
    if stands_in and must_reach(kind):
        return False
    said_no = preferences.choices.get((kind, channel)) is False
    return said_no and channel not in channels_for(preferences, kind)


def offsets_for(preferences: Preferences) -> tuple[timedelta, ...]:
    """How long before a visit they want to be reminded, the earliest reminder first."""
    return tuple(sorted(preferences.reminder_offsets, reverse=True))


def quiet_until(
    preferences: Preferences, kind: NotificationType, moment: datetime, time_zone: str
) -> datetime | None:
    """Until when to keep it, in UTC; None: send it. `time_zone` is the account's, theirs goes first.

    Codes and what is essential are never kept.
    """
    if preferences.quiet_hours is None or CATEGORY[kind] in {Category.ACCOUNT, Category.ESSENTIAL}:
        return None
    return preferences.quiet_hours.until(moment, preferences.time_zone or time_zone)


def _wanted(preferences: Preferences, kind: NotificationType, channel: NotificationChannel) -> bool:
    default = by_default(preferences, kind, channel)
    if not may_be_refused(kind, channel):
        return default
    return preferences.choices.get((kind, channel), default)
