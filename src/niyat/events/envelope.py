"""The envelope around every event: CloudEvents 1.0 in its JSON format, with four extension attributes.

`sequence` counts events per topic and key. The CloudEvents extension of that name asks for a string that
sorts as text, so on the wire it is padded with zeros; everywhere in Python and SQL it is an integer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from niyat.events.catalogue import APPOINTMENTS, PAYMENTS, Event, parse
from niyat.kernel.correlation import correlation_id, new_correlation_id
from niyat.kernel.ids import new_id

SOURCES = {APPOINTMENTS: "/niyat/appointments", PAYMENTS: "/niyat/payments"}
"""CloudEvents `source` by topic: the service that publishes on it."""

SEQUENCE_DIGITS = 19

E = TypeVar("E", bound=Event)


class Envelope(BaseModel):
    """One event as it travels. Attribute names are those of CloudEvents, hence without underscores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str = Field(min_length=1)
    type: str = Field(min_length=1)
    subject: str = Field(min_length=1, description="The event's key: the aggregate's id.")
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str = Field(min_length=1)
    sequence: str = Field(pattern=rf"^[0-9]{{{SEQUENCE_DIGITS}}}$", description="Counts per topic and key.")
    schemaversion: int = Field(strict=True, ge=1)
    correlationid: str = Field(min_length=1)
    data: dict[str, Any]

    @property
    def number(self) -> int:
        """`sequence` as the integer it is."""
        return int(self.sequence)

    def event(self) -> Event:
        """The typed event inside. Raises UnknownEvent, or pydantic's ValidationError."""
        return parse(self.type, self.schemaversion, self.data)

    def as_json(self) -> dict[str, Any]:
        """The envelope as JSON values."""
        return self.model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Message:
    """An envelope on its way, with what the pipeline itself must know, so that no step needs to read it."""

    event_id: UUID
    topic: str
    key: str
    sequence: int
    type: str
    payload: dict[str, Any]


def schema_uri(kind: type[Event]) -> str:
    """The `dataschema` of an event class, and the `$id` of its JSON Schema in docs/events."""
    return f"urn:niyat:event:{kind.topic}:{kind.type}:{kind.version}"


def envelope_for(event: Event, sequence: int) -> Envelope:
    """Wrap `event` as the `sequence`-th of its topic and key, with a new id, in the current flow."""
    kind = type(event)
    draft = draft_for(kind, sequence)
    return Envelope(
        **draft.payload, subject=str(event.key), time=event.occurred_at, data=event.model_dump(mode="json")
    )


def message_for(event: Event, sequence: int) -> Message:
    """The same as `envelope_for`, ready for the outbox or a transport."""
    envelope = envelope_for(event, sequence)
    return Message(
        event_id=envelope.id,
        topic=event.topic,
        key=str(event.key),
        sequence=sequence,
        type=event.type,
        payload=envelope.as_json(),
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """An envelope without its subject, time and data, which SQL adds: `niyat_envelope(draft, key, data)`."""

    event_id: UUID
    payload: dict[str, Any]


def draft_for(kind: type[Event], sequence: int) -> Draft:
    """Begin an envelope for a statement that only learns the event's data as it runs (see outbox.py)."""
    if sequence < 1:
        raise ValueError("sequence counts from 1")
    event_id = new_id()
    return Draft(
        event_id=event_id,
        payload={
            "specversion": "1.0",
            "id": str(event_id),
            "source": SOURCES[kind.topic],
            "type": kind.type,
            "datacontenttype": "application/json",
            "dataschema": schema_uri(kind),
            "sequence": f"{sequence:0{SEQUENCE_DIGITS}d}",
            "schemaversion": kind.version,
            "correlationid": correlation_id.get() or new_correlation_id(),
        },
    )
