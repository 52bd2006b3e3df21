"""A window of a doctor's hours: from when to when, for which types of consultation, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from niyat.appointments.domain import ConsultationType
from niyat.appointments.errors import ConsultationTypeNotOffered, PlaceNotFound
from niyat.kernel.db import Connection

NOT_OFFERED = """
SELECT EXISTS (SELECT FROM unnest($2::text[]) AS wanted WHERE NOT EXISTS (
    SELECT FROM consultation_settings s WHERE s.doctor_id = $1 AND s.consultation_type = wanted))
"""
NOT_THERE = """
SELECT EXISTS (SELECT FROM unnest($2::uuid[]) AS wanted WHERE NOT EXISTS (
    SELECT FROM places p JOIN doctors d ON d.clinic_id = p.clinic_id WHERE d.id = $1 AND p.id = wanted))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Local times, `HH:MM`; `24:00` is the end of the day. None: all that the doctor offers; their usual place."""

    start_time: str
    end_time: str
    consultation_types: Sequence[ConsultationType] | None = None
    place_id: UUID | None = None


async def check_windows(conn: Connection, doctor_id: UUID, windows: Sequence[Window]) -> None:
    """Raises ConsultationTypeNotOffered for a type that the doctor does not offer, PlaceNotFound for a place that is
    not of the doctor's clinic.
    """
    types = {kind for window in windows for kind in window.consultation_types or ()}
    if await conn.fetchval(NOT_OFFERED, doctor_id, sorted(types)):
        raise ConsultationTypeNotOffered
    places = {window.place_id for window in windows if window.place_id}
    if await conn.fetchval(NOT_THERE, doctor_id, sorted(places)):
        raise PlaceNotFound


def rows_of(windows: Sequence[Window]) -> list[dict[str, Any]]:
    """The windows as `jsonb_to_recordset` takes them. Times are text: 24:00 ends a day, and Python has no such time."""
    return [asdict(window) | {"place_id": window.place_id and str(window.place_id)} for window in windows]
