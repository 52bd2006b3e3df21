"""The catalogue: what an event is, and that every one can be found again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from niyat.events import catalogue
from niyat.events.catalogue import EVENTS, TOPICS, Event, UnknownEvent, parse
from tests.support.events import authorized, confirmed

PERSONAL = ("name", "phone", "email", "address", "reason_for", "note")


def leaves(kind: type[Event]) -> set[type[Event]]:
    below = kind.__subclasses__()
    return set().union(*map(leaves, below)) if below else {kind}


def test_every_event_class_is_registered_once() -> None:
    assert leaves(Event) == set(EVENTS)
    assert len(EVENTS) == len({(kind.type, kind.version) for kind in EVENTS})
    assert {kind.topic for kind in EVENTS} == set(TOPICS)


def test_class_names_are_the_types_in_camel_case() -> None:
    for kind in EVENTS:
        assert kind.__name__ == kind.type.title().replace("_", "")


def test_no_field_could_hold_a_persons_data() -> None:
    fields = {field for kind in EVENTS for field in kind.model_fields}
    assert not {field for field in fields if any(word in field for word in PERSONAL)}


def test_every_event_says_what_it_means() -> None:
    assert all(kind.__doc__ and kind.__doc__.strip().endswith(".") for kind in EVENTS)


def test_an_event_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        confirmed(uuid4(), 1).revision = 2  # type: ignore[misc]


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        confirmed(uuid4(), 1, patient_name="Asha")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("amount", 500.0),
        ("amount", "500"),
        ("amount", -1),
        ("currency", "inr"),
        ("occurred_at", datetime(2026, 3, 1)),  # noqa: DTZ001
        ("time_zone", "Asia/Nowhere"),
        ("time_zone", "../etc/passwd"),
        ("status", "CONFIRMED"),
        ("ends_at", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("revision", -1),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_field(field: str, wrong: Any) -> None:
    with pytest.raises(ValidationError, match=field):
        confirmed(uuid4(), 1, **{field: wrong})


def test_a_reason_code_is_a_code_and_no_sentence() -> None:
    fields = authorized(uuid4(), 1).model_dump()
    with pytest.raises(ValidationError, match="reason_code"):
        catalogue.PaymentReleased(**fields, reason_code="Asha called and said so", securing=1)


def test_a_services_own_enum_is_taken_as_its_value() -> None:
    class Status(StrEnum):
        CONFIRMED = "confirmed"

    event = confirmed(uuid4(), 1, status=Status.CONFIRMED)
    assert event.model_dump(mode="json")["status"] == "confirmed"
    assert parse(event.type, 1, event.model_dump(mode="json")) == event


def test_an_unknown_type_or_version_has_an_error_of_its_own() -> None:
    data = confirmed(uuid4(), 1).model_dump(mode="json")
    for kind, version in (("APPOINTMENT_CONFIRMED", 99), ("APPOINTMENT_DANCED", 1)):
        with pytest.raises(UnknownEvent, match=kind):
            parse(kind, version, data)


@given(
    st.datetimes(min_value=datetime(2001, 1, 1), max_value=datetime(2099, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_instants_are_the_same_instant_in_utc(local: datetime, offset_minutes: int) -> None:
    instant = local.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    event = confirmed(uuid4(), 1, occurred_at=instant)
    assert event.occurred_at == instant
    assert event.model_dump(mode="json")["occurred_at"].endswith("Z")
    assert parse(event.type, event.version, event.model_dump(mode="json")) == event


def test_the_key_is_the_appointment_for_its_events_and_its_money() -> None:
    key = uuid4()
    assert confirmed(key, 1).key == authorized(key, 1).key == key
