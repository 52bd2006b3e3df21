"""A booking that a change of a doctor's schedule hits, and what becomes of it: nothing is dropped silently."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from pydantic import TypeAdapter

Fate: TypeAlias = Literal["needed", "kept", "cancelled", "moved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A booking that the change hits. `stands`: it is confirmed or being paid, more than a hold that may lapse."""

    appointment_id: UUID
    slot_id: UUID
    doctor_id: UUID
    patient_id: UUID
    status: str
    consultation_type: str
    starts_at: datetime
    ends_at: datetime
    stands: bool
    outcome: Fate = "kept"
    amount_owed_back: int | None = None
    new_starts_at: datetime | None = None
    new_ends_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """As the API shows it."""
        shown: dict[str, Any] = HITS.dump_python(self, mode="json", exclude={"stands", "slot_id"})
        return shown


HITS = TypeAdapter(Hit)
