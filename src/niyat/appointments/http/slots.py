"""Finding a free time: of one doctor, or of anybody who fits. Only what can truly be booked now."""

from __future__ import annotations

from datetime import timezone
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from niyat.appointments import errors, slot_queries
from niyat.appointments.domain import ConsultationType
from niyat.appointments.http.moments import Moment, instant_or_day
from niyat.appointments.http.schedule_shapes import FoundSlotView, SlotListView, SlotView
from niyat.appointments.http.table import TABLE
from niyat.appointments.slot_queries import SlotFilter
from niyat.kernel.db import Row
from niyat.kernel.errors import InvalidRequest
from niyat.kernel.fields import Short, TimeZone
from niyat.kernel.http import Db, problems
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_time, next_cursor

router = APIRouter(prefix="/api/v1/availability", tags=["availability"])

A_CALENDARS_WORTH = 1000
CalendarLimit: TypeAlias = Annotated[
    int, Query(ge=1, le=A_CALENDARS_WORTH, description="How many at most: a calendar shows weeks at once")
]


async def _range(
    from_: Annotated[
        Moment | None, Query(alias="from", description="An instant, or a day of the zone; else now")
    ] = None,
    to: Annotated[
        Moment | None,
        Query(description="An instant, or the last day; else a week after `from`. At most 31 days are shown"),
    ] = None,
    time_zone: Annotated[TimeZone | None, Query(description="The viewer's; else the doctor's")] = None,
    consultation_type: ConsultationType | None = None,
    place_id: Annotated[UUID | None, Query(description="A place of a clinic's, besides the usual")] = None,
) -> dict[str, Any]:
    from_at, from_day = instant_or_day("from", from_)
    to_at, to_day = instant_or_day("to", to)
    return {
        "from_at": from_at,
        "from_day": from_day,
        "to_at": to_at,
        "to_day": to_day,
        "time_zone": time_zone,
        "consultation_type": consultation_type,
        "place_id": place_id,
    }


Range: TypeAlias = Annotated[dict[str, Any], Depends(_range)]


@router.get(
    "/slots",
    summary="Find free times",
    responses=problems(TABLE, InvalidRequest, errors.UnknownTimeZone),
)
async def find_slots(
    range_: Range,
    db: Db,
    specialty: Short | None = None,
    clinic_id: UUID | None = None,
    doctor_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[FoundSlotView]:
    """Of every doctor who fits, the first available first."""
    wanted = SlotFilter(**range_, specialty=specialty, clinic_id=clinic_id, doctor_id=doctor_id)
    rows = await slot_queries.slots(db, wanted, after=after_time(cursor), limit=limit)
    items = [
        FoundSlotView(
            **_slot(row),
            **{name: row[name] for name in ("doctor_id", "doctor_name", "specialty", "clinic_name")},
            doctor_time_zone=row["doctor_zone"],
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next_cursor=next_cursor(rows, limit, "starts_at", "slot_id"))


@router.get(
    "/doctors/{doctor_id}/slots",
    summary="Free times of a doctor",
    responses=problems(TABLE, InvalidRequest, errors.DoctorNotFound, errors.UnknownTimeZone),
)
async def list_slots(
    doctor_id: UUID, range_: Range, db: Db, cursor: Cursor = None, limit: CalendarLimit = A_CALENDARS_WORTH
) -> SlotListView:
    """Only what can truly be booked now."""
    wanted = SlotFilter(**range_, doctor_id=doctor_id)
    doctor_zone, rows = await slot_queries.slots_of(db, wanted, after=after_time(cursor), limit=limit)
    return SlotListView(
        doctor_id=doctor_id,
        time_zone=wanted.time_zone or doctor_zone,
        doctor_time_zone=doctor_zone,
        items=[SlotView(**_slot(row)) for row in rows[:limit]],
        next_cursor=next_cursor(rows, limit, "starts_at", "slot_id"),
    )


def _slot(row: Row) -> dict[str, Any]:
    local = row["starts_at"].astimezone(timezone(row["utc_offset"]))
    same = ("slot_id", "starts_at", "ends_at", "consultation_types", "place_id", "place")
    return {"local_start": local.isoformat(), **{name: row[name] for name in same}}
