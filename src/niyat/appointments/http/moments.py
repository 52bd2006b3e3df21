"""An instant or a day in a query, and a local time of day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, TypeAlias

from pydantic import Field, StringConstraints

from niyat.kernel.errors import InvalidRequest
from niyat.kernel.fields import within_reason

A_DAY = len("2026-03-02")

Moment: TypeAlias = Annotated[
    str, StringConstraints(max_length=40), Field(examples=["2026-03-02", "2026-03-02T09:00:00+05:30"])
]
LocalTime: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"),
    Field(description="Local time, `HH:MM`; `24:00` is the end of the day", examples=["09:30"]),
]


def instant_or_day(field: str, text: str | None) -> tuple[datetime | None, date | None]:
    """What a `Moment` says: an instant, or a day. Raises InvalidRequest naming `field`."""
    if text is None:
        return None, None
    try:
        if len(text) == A_DAY:
            return None, within_reason(datetime.fromisoformat(text).replace(tzinfo=UTC)).date()
        return within_reason(_aware(datetime.fromisoformat(text))), None
    except ValueError as error:
        message = f"{error}: an instant with its offset, or a day, between the years 2000 and 2100"
        raise InvalidRequest(errors=[{"field": field, "message": message}]) from error


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("the offset is missing")
    return moment
