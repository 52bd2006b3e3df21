"""An instant as a person reads it: on clocks that are named beside it, spelt alike in messages and on receipts."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

DEFAULT_LANGUAGE = "en"
LANGUAGES = frozenset({"en", "hi"})
"""Those that we write in. What is in another language tells times in English."""

FULL = "EEE, d MMM y, HH:mm"


def on_the_clock(instant: datetime, time_zone: str, language: str, pattern: str) -> str:
    """The instant by `pattern` (CLDR's letters) on the clocks of `time_zone`, which it does not name."""
    locale = language if language in LANGUAGES else DEFAULT_LANGUAGE
    return str(format_datetime(instant.astimezone(ZoneInfo(time_zone)), pattern, locale=locale))


def local_time(instant: datetime, time_zone: str, language: str = DEFAULT_LANGUAGE) -> str:
    """The instant on the clocks of `time_zone`, which it names: `Tue, 24 Nov 2026, 10:30 IST (Asia/Kolkata)`."""
    name = instant.astimezone(ZoneInfo(time_zone)).tzname()
    return f"{on_the_clock(instant, time_zone, language, FULL)} {name} ({time_zone})"


def clocks_of_visit(consultation_type: str, place: str, reader: str | None) -> str:
    """The zone of a visit's time: the reader's, if known, but the place's for who travels to it."""
    return place if consultation_type == "IN_PERSON" else reader or place
