"""What somebody is told, by which way and when."""

from __future__ import annotations

from dataclasses import dataclass, field

from niyat.gateway.web.patient.views.finding import Errors

REMINDER_MINUTES = (1440, 60, 15)
"""The reminders that are offered to tick; others are written."""


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One kind of message by one channel. What is `fixed` cannot be turned off."""

    channel: str
    checked: bool
    fixed: bool


@dataclass(frozen=True, kw_only=True)
class MessageKind:
    """What a person takes for one kind of message, whatever the types behind it."""

    name: str
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, kw_only=True)
class Messages:
    """The form. `language` and `time_zone` are empty where the account's count; times are as typed, `22:00`."""

    kinds: tuple[MessageKind, ...] = ()
    reminders: tuple[int, ...] = REMINDER_MINUTES
    other_reminders: str = ""
    quiet_from: str = ""
    quiet_to: str = ""
    language: str = ""
    time_zone: str = ""
    errors: Errors = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Unsubscribing:
    """What a link in a mail would turn off, or has turned off."""

    kind: str
    enabled: bool
