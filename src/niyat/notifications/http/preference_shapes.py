"""What somebody says of how they want to be told things, and how it stands."""

from __future__ import annotations

from collections.abc import Collection
from datetime import time, timedelta
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, PlainSerializer, model_validator

from niyat.kernel.fields import Body, ReasonCode, TimeZone
from niyat.notifications.categories import AUDIENCE, CATEGORY, Audience, Category
from niyat.notifications.domain import NotificationChannel, NotificationType
from niyat.notifications.preferences import (
    LONGEST_OFFSET,
    LONGEST_QUIET,
    MOST_OFFSETS,
    SHORTEST_OFFSET,
    Preferences,
    channels_for,
    may_be_chosen,
    may_be_refused,
    must_reach,
    offsets_for,
)
from niyat.notifications.quiet_hours import QuietHours
from niyat.notifications.reminders import REMINDER_OFFSETS

Language: TypeAlias = Literal["en", "hi"]
MOST_CHOICES = len(NotificationType) * len(NotificationChannel)
SHORTEST, LONGEST = (int(offset.total_seconds()) // 60 for offset in (SHORTEST_OFFSET, LONGEST_OFFSET))
LONGEST_QUIET_HOURS = int(LONGEST_QUIET.total_seconds()) // 3600


def _whole_minute(clock: time) -> time:
    if clock.second or clock.microsecond or clock.tzinfo is not None:
        raise ValueError("give hours and minutes alone, such as 22:00")
    return clock


ClockTime: TypeAlias = Annotated[
    time,
    AfterValidator(_whole_minute),
    PlainSerializer(lambda clock: clock.strftime("%H:%M"), return_type=str),
    Field(description="Hours and minutes by the clocks of their time zone", examples=["22:00"]),
]
OffsetMinutes: TypeAlias = Annotated[int, Field(ge=SHORTEST, le=LONGEST, strict=True)]


class QuietHoursBody(Body):
    """From `starts` until `ends`, over midnight where `ends` is the earlier one."""

    starts: ClockTime
    ends: ClockTime

    @model_validator(mode="after")
    def _some_of_the_day(self) -> QuietHoursBody:
        if self.starts == self.ends:
            raise ValueError("quiet hours must begin and end at different times")
        if self.value.length > LONGEST_QUIET:
            raise ValueError(f"quiet hours may be at most {LONGEST_QUIET_HOURS} hours long")
        return self

    @property
    def value(self) -> QuietHours:
        return QuietHours(self.starts, self.ends)


class ChoiceBody(Body):
    """One type on one channel, on or off."""

    type: NotificationType
    channel: NotificationChannel
    enabled: bool

    @model_validator(mode="after")
    def _theirs_to_make(self) -> ChoiceBody:
        if not may_be_chosen(self.type):
            raise ValueError(f"{self.type} goes wherever it was asked for; there is nothing to choose")
        if not self.enabled and not may_be_refused(self.type, self.channel):
            raise ValueError(f"{self.type} cannot be turned off by {self.channel}: it is essential")
        return self


def _hold_together(choices: list[ChoiceBody]) -> list[ChoiceBody]:
    named = {(choice.type, choice.channel): choice.enabled for choice in choices}
    if len(named) != len(choices):
        raise ValueError("name each type and channel once")
    for kind in sorted({choice.type for choice in choices if must_reach(choice.type)}):
        if not any(named.get((kind, channel), True) for channel in NotificationChannel):
            raise ValueError(f"{kind} must stay on by at least one channel")
    return choices


def _each_once(minutes: list[int]) -> list[int]:
    if len(minutes) != len(set(minutes)):
        raise ValueError("name each once")
    return minutes


class PreferencesBody(Body):
    """All of one's preferences, in place of those there were. What is not chosen is as for everybody."""

    choices: Annotated[list[ChoiceBody], AfterValidator(_hold_together)] = Field(
        default_factory=list, max_length=MOST_CHOICES
    )
    language: Language | None = Field(default=None, description="Of messages; null: the account's")
    time_zone: TimeZone | None = Field(
        default=None, description="IANA; of times in messages and of quiet hours; null: the account's"
    )
    quiet_hours: QuietHoursBody | None = Field(
        default=None, description="What is not essential waits until they end"
    )
    reminder_offsets_minutes: Annotated[list[OffsetMinutes], AfterValidator(_each_once)] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_OFFSETS,
        description="How long before a visit to be reminded; null: a day, an hour and a quarter of an hour",
        examples=[[1440, 60, 15]],
    )
    consent_text_version: ReasonCode | None = Field(
        default=None, description="Of the text that was shown with the choices; kept with the consent"
    )

    @property
    def value(self) -> Preferences:
        offsets = [timedelta(minutes=each) for each in self.reminder_offsets_minutes or ()]
        return Preferences(
            choices={(choice.type, choice.channel): choice.enabled for choice in self.choices},
            language=self.language,
            time_zone=self.time_zone,
            quiet_hours=self.quiet_hours.value if self.quiet_hours else None,
            reminder_offsets=tuple(sorted(offsets, reverse=True)) or REMINDER_OFFSETS,
        )


class ChoiceView(BaseModel):
    """One type on one channel: whether it is told there, and whether that can be turned off."""

    type: NotificationType
    category: Category
    channel: NotificationChannel
    enabled: bool
    chosen: bool = Field(description="Whether somebody said so, or it is as for everybody")
    can_be_refused: bool


class QuietHoursView(BaseModel):
    starts: ClockTime
    ends: ClockTime


class PreferencesView(BaseModel):
    """How somebody wants to be told things."""

    account_id: UUID
    channels: list[NotificationChannel] = Field(description="Those that are switched on here")
    choices: list[ChoiceView]
    language: str | None = Field(description="Of messages; null: the account's")
    time_zone: str | None = Field(description="IANA; null: the account's")
    quiet_hours: QuietHoursView | None
    reminder_offsets_minutes: list[int]


def preferences_view(
    account_id: UUID,
    roles: frozenset[str],
    preferences: Preferences,
    channels: Collection[NotificationChannel],
) -> PreferencesView:
    """Of the types that an account with these roles may be told."""
    quiet = preferences.quiet_hours
    return PreferencesView(
        account_id=account_id,
        channels=[channel for channel in NotificationChannel if channel in channels],
        choices=[
            _choice(preferences, kind, channel)
            for kind in NotificationType
            if may_be_chosen(kind) and AUDIENCE[kind] in (Audience.ANYBODY, *roles)
            for channel in NotificationChannel
        ],
        language=preferences.language,
        time_zone=preferences.time_zone,
        quiet_hours=quiet and QuietHoursView(starts=quiet.starts, ends=quiet.ends),
        reminder_offsets_minutes=[int(each.total_seconds()) // 60 for each in offsets_for(preferences)],
    )


def _choice(preferences: Preferences, kind: NotificationType, channel: NotificationChannel) -> ChoiceView:
    return ChoiceView(
        type=kind,
        category=CATEGORY[kind],
        channel=channel,
        enabled=channel in channels_for(preferences, kind),
        chosen=(kind, channel) in preferences.choices,
        can_be_refused=may_be_refused(kind, channel),
    )
