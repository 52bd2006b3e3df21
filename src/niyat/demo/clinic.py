"""The demo clinic as values, read from `clinic.toml` beside this."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from pydantic import BaseModel, ConfigDict


class Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Person(Data):
    """Somebody who can sign in."""

    name: str
    email: str | None = None
    phone: str | None = None


class Clinic(Data):
    """A place with a zone."""

    name: str
    address: str
    time_zone: str


class Doctor(Data):
    """A doctor, and the hours of their week: weekdays (1 = Monday), from, to, in their clinic's zone."""

    name: str
    email: str
    specialty: str
    languages: tuple[str, ...]
    registration_number: str
    bio: str
    clinic: str
    fee_amount: int
    currency: str
    slot_minutes: int
    consultation_types: tuple[str, ...]
    hours: tuple[tuple[tuple[int, ...], str, str], ...]
    buffer_after_minutes: int = 0


class Demo(Data):
    """Everything that `make up` seeds."""

    admin: Person
    patient: Person
    clinics: tuple[Clinic, ...]
    doctors: tuple[Doctor, ...]


def load() -> Demo:
    """The demo clinic."""
    return Demo.model_validate(tomllib.loads(files("niyat.demo").joinpath("clinic.toml").read_text("utf-8")))
