"""Kinds of fields that several routes share, and what a cursor is."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from typing import Annotated, TypeAlias, TypeVar

from fastapi import Depends, Query, Request
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from niyat.appointments.settings import AppointmentsSettings
from niyat.events.catalogue import TimeZone
from niyat.kernel.errors import InvalidRequest

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
LARGEST_CURSOR = 1000
MOMENT = "an instant with its offset, or a day, between the years 2000 and 2100"


def _within_reason(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= LATEST:
        raise ValueError("must be between the years 2000 and 2100")
    return moment.astimezone(UTC)


def instant_or_day(field: str, text: str | None) -> tuple[datetime | None, date | None]:
    """What a `Moment` says: an instant, or a day. Raises InvalidRequest naming `field`."""
    if text is None:
        return None, None
    try:
        if len(text) == len("2026-03-02"):
            return None, _within_reason(datetime.fromisoformat(text).replace(tzinfo=UTC)).date()
        return _within_reason(_aware(datetime.fromisoformat(text))), None
    except ValueError as error:
        raise InvalidRequest(errors=[{"field": field, "message": f"{error}: {MOMENT}"}]) from error


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("the offset is missing")
    return moment


NO_NUL = r"^[^\x00]*$"
Instant: TypeAlias = Annotated[AwareDatetime, AfterValidator(_within_reason)]
Moment: TypeAlias = Annotated[
    str, StringConstraints(max_length=40), Field(examples=["2026-03-02", "2026-03-02T09:00:00+05:30"])
]
Name: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_NUL)
]
Short: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=NO_NUL)
]
Text: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=NO_NUL)]
ReasonCode: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$"), Field(examples=["plans-changed"])
]
LocalTime: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"),
    Field(description="Local time, `HH:MM`; `24:00` is the end of the day", examples=["09:30"]),
]
Zone: TypeAlias = Annotated[
    TimeZone,
    Field(max_length=64, description="IANA time zone", examples=["Asia/Kolkata"]),
]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=100, description="How many at most")]
Cursor: TypeAlias = Annotated[
    str | None, Query(max_length=LARGEST_CURSOR, description="`next_cursor` of the page before")
]


class Body(BaseModel):
    """A request's body: fields that it does not know are refused."""

    model_config = ConfigDict(extra="forbid")


def cursor_of(*position: object) -> str:
    """An opaque cursor at `position`."""
    return (
        base64.urlsafe_b64encode(json.dumps([str(part) for part in position]).encode()).decode().rstrip("=")
    )


A = TypeVar("A")
B = TypeVar("B")


def position(cursor: str | None, first: type[A], second: type[B]) -> tuple[A, B] | None:
    """What `cursor_of` was given. Raises InvalidRequest for anything else."""
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        one, two = json.loads(text)
        return _part(one, first), _part(two, second)
    except (ValueError, TypeError) as error:
        raise InvalidRequest(errors=[{"field": "cursor", "message": "is no cursor of this list"}]) from error


def _part(text: object, kind: type[A]) -> A:
    if not isinstance(text, str) or "\x00" in text:
        raise ValueError("not a cursor's part")
    value = datetime.fromisoformat(text) if kind is datetime else kind(text)  # type: ignore[call-arg]
    if isinstance(value, datetime):
        return _within_reason(value)  # type: ignore[return-value]
    text.encode()
    return value


def _settings(request: Request) -> AppointmentsSettings:
    settings: AppointmentsSettings = request.app.state.settings
    return settings


Settings = Annotated[AppointmentsSettings, Depends(_settings)]
