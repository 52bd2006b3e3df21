"""Kinds of fields that every service shares, so that a name, a reason or an instant is the same everywhere."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

# PostgreSQL's text holds no NUL; a line of text holds no other control character either.
NO_NUL = r"^[^\x00]*$"
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"


class Body(BaseModel):
    """A request's body: fields that it does not know are refused."""

    model_config = ConfigDict(extra="forbid")


def within_reason(moment: datetime) -> datetime:
    """`moment` in UTC. Raises ValueError outside the years in which anybody books."""
    if not EARLIEST <= moment <= LATEST:
        raise ValueError("must be between the years 2000 and 2100")
    return moment.astimezone(UTC)


def day_within_reason(day: date) -> date:
    """`day`. Raises ValueError outside the years in which anybody books."""
    within_reason(datetime(day.year, day.month, day.day, tzinfo=UTC))
    return day


# What a machine has beside these (`localtime`, `right/…`) is not the same on the next one; `Factory` is no place.
IANA_ZONES = frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()) - {"Factory"}


def iana(name: str) -> str:
    """`name`, if it is a time zone of the IANA rules. Raises ValueError."""
    if name not in IANA_ZONES:
        raise ValueError(f"{name!r} is no IANA time zone, such as Asia/Kolkata")
    return name


Instant: TypeAlias = Annotated[AwareDatetime, AfterValidator(within_reason)]
Day: TypeAlias = Annotated[date, AfterValidator(day_within_reason), Field(examples=["2026-03-02"])]
TimeZone: TypeAlias = Annotated[
    str, Field(max_length=64, description="IANA time zone", examples=["Asia/Kolkata"]), AfterValidator(iana)
]
Currency: TypeAlias = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217", examples=["INR"])]
Name: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=ONE_LINE)
]
Short: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=ONE_LINE)
]
Text: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=NO_NUL)]
Reason: TypeAlias = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=500, pattern=NO_NUL),
    Field(description="Why; it is kept for the record", examples=["The patient asked by phone"]),
]
ReasonCode: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$"),
    Field(description="A code, never a sentence about a person", examples=["plans-changed"]),
]


class ReasonBody(Body):
    """Why an administrator does it."""

    reason: Reason
