"""The envelope is CloudEvents 1.0, and gives back the event that went in."""

from __future__ import annotations

import json
import re
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from niyat.events.envelope import Envelope, envelope_for, message_for
from niyat.kernel.correlation import bound
from tests.support.events import authorized, confirmed


@given(st.integers(1, 2**63 - 1), st.uuids())
def test_an_event_survives_its_journey_as_json(sequence: int, key: UUID) -> None:
    event = confirmed(key, 3)
    sent = json.dumps(envelope_for(event, sequence).as_json())
    received = Envelope.model_validate_json(sent)
    assert received.event() == event
    assert received.number == sequence


@given(st.integers(1, 2**63 - 1), st.integers(1, 2**63 - 1))
def test_sequences_sort_as_text_as_they_do_as_numbers(one: int, other: int) -> None:
    event = confirmed(uuid4(), 1)
    texts = [envelope_for(event, number).sequence for number in (one, other)]
    assert (texts[0] < texts[1]) == (one < other)


def test_attribute_names_and_required_attributes_are_those_of_cloudevents() -> None:
    document = envelope_for(confirmed(uuid4(), 1), 1).as_json()
    assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in document)
    assert {"id", "source", "specversion", "type"} <= document.keys()
    assert document["specversion"] == "1.0"
    assert document["subject"] == document["data"]["appointment_id"]


def test_the_envelope_carries_the_flow_it_belongs_to() -> None:
    with bound("the-flow"):
        assert envelope_for(confirmed(uuid4(), 1), 1).correlationid == "the-flow"
    assert envelope_for(confirmed(uuid4(), 1), 1).correlationid, "never empty"


def test_every_envelope_has_an_id_of_its_own() -> None:
    event = confirmed(uuid4(), 1)
    assert envelope_for(event, 1).id != envelope_for(event, 1).id


def test_a_sequence_counts_from_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        envelope_for(confirmed(uuid4(), 1), 0)


def test_an_unknown_attribute_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Envelope.model_validate(envelope_for(confirmed(uuid4(), 1), 1).as_json() | {"patientname": "Asha"})


def test_a_message_agrees_with_its_envelope() -> None:
    message = message_for(authorized(uuid4(), 1), 5)
    envelope = Envelope.model_validate(message.payload)
    assert (envelope.id, envelope.subject, envelope.number, envelope.type) == (
        message.event_id, message.key, message.sequence, message.type,
    )  # fmt: skip
