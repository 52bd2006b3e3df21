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


class Place(Data):
    """A second address."""

    name: str
    address: str


class Consultation(Data):
    """How one type differs from the doctor's others."""

    consultation_type: str
    fee_amount: int | None = None
    slot_minutes: int | None = None
    buffer_after_minutes: int | None = None
    minimum_notice_minutes: int | None = None


class Hours(Data):
    """Weekdays (1 = Monday), from, to, in the clinic's zone; as which types, and where, if not all and as usual."""

    weekdays: tuple[int, ...]
    start_time: str
    end_time: str
    consultation_types: tuple[str, ...] | None = None
    place: str | None = None


class Clinic(Data):
    """A clinic with its zone, and where else its doctors see patients."""

    name: str
    address: str
    time_zone: str
    places: tuple[Place, ...] = ()


class Doctor(Data):
    """A doctor, and the hours of their week."""

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
    hours: tuple[Hours, ...]
    buffer_after_minutes: int = 0
    minimum_notice_minutes: int = 0
    place: str = ""
    consultations: tuple[Consultation, ...] = ()


class Demo(Data):
    """Everything that `make up` seeds."""

    admin: Person
    patient: Person
    clinics: tuple[Clinic, ...]
    doctors: tuple[Doctor, ...]


def load() -> Demo:
    """The demo clinic."""
    return Demo.model_validate(tomllib.loads(files("niyat.demo").joinpath("clinic.toml").read_text("utf-8")))
