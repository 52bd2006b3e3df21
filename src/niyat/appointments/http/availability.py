"""When a doctor can be seen: weekly hours, blocked time, free slots."""

from __future__ import annotations

from datetime import timezone
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from niyat.appointments import doctor_queries, errors
from niyat.appointments.commands.block_time import block_time
from niyat.appointments.commands.set_week import Hours, set_week
from niyat.appointments.doctor_queries import SlotFilter
from niyat.appointments.domain import ConsultationType
from niyat.appointments.http.here import Here
from niyat.appointments.http.moments import Moment, instant_or_day
from niyat.appointments.http.shapes import BlockBody, BlockView, SlotListView, SlotView, WeekBody, WeekView
from niyat.appointments.http.table import TABLE
from niyat.kernel.auth import Staff
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.fields import TimeZone
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once

router = APIRouter(prefix="/api/v1/availability", tags=["availability"])

WRITES = (
    Unauthenticated,
    Forbidden,
    InvalidRequest,
    IdempotencyKeyReused,
    errors.DoctorNotFound,
    errors.ReasonRequired,
)


@router.get(
    "/doctors/{doctor_id}",
    summary="A doctor's weekly schedule",
    responses=problems(TABLE, InvalidRequest, errors.DoctorNotFound),
)
async def get_week(doctor_id: UUID, db: Db) -> WeekView:
    """In the doctor's own time zone."""
    return WeekView(**await doctor_queries.week(db, doctor_id))


@router.post(
    "/weekly",
    response_model=WeekView,
    summary="Set a doctor's weekly hours",
    responses=problems(
        TABLE, *WRITES, errors.HoursOverlap, errors.ConsultationTypeNotOffered, errors.PlaceNotFound
    ),
)
async def set_weekly_hours(body: WeekBody, who: Staff, once: OnceOnly, here: Here) -> Response:
    """By that doctor or an admin. Free times follow at once; what is held or booked stays as it is."""
    hours = [Hours(**window.model_dump()) for window in body.hours]

    async def command(conn: Connection) -> Answer:
        await set_week(
            conn, who, body.doctor_id, hours, reason=body.reason, days_ahead=here.settings.days_ahead
        )
        week = WeekView(**await doctor_queries.week(conn, body.doctor_id))
        return Answer(200, week.model_dump(mode="json"))

    return (await answer_once(here.db, once, command)).response()


@router.post(
    "/block",
    status_code=201,
    response_model=BlockView,
    summary="Take time out of a doctor's schedule",
    responses=problems(TABLE, *WRITES, errors.BookingsInTheWay),
)
async def take_time_out(body: BlockBody, who: Staff, once: OnceOnly, here: Here) -> Response:
    """By that doctor or an admin. Refused, with the bookings' ids, where there are any: none is dropped silently."""

    async def command(conn: Connection) -> Answer:
        block_id = await block_time(
            conn,
            who,
            body.doctor_id,
            body.starts_at,
            body.ends_at,
            reason=body.reason,
            days_ahead=here.settings.days_ahead,
        )
        view = BlockView(block_id=block_id, **body.model_dump(exclude={"reason"}))
        return Answer(201, view.model_dump(mode="json"))

    return (await answer_once(here.db, once, command)).response()


@router.get(
    "/doctors/{doctor_id}/slots",
    summary="Free times of a doctor",
    responses=problems(TABLE, InvalidRequest, errors.DoctorNotFound, errors.UnknownTimeZone),
)
async def list_slots(
    doctor_id: UUID,
    db: Db,
    from_: Annotated[
        Moment | None, Query(alias="from", description="An instant, or a day of the zone; else now")
    ] = None,
    to: Annotated[
        Moment | None,
        Query(description="An instant, or the last day; else a week after `from`. At most 31 days are shown"),
    ] = None,
    time_zone: Annotated[TimeZone | None, Query(description="The viewer's; else the doctor's")] = None,
    consultation_type: ConsultationType | None = None,
) -> SlotListView:
    """Only what can truly be booked now."""
    from_at, from_day = instant_or_day("from", from_)
    to_at, to_day = instant_or_day("to", to)
    wanted = SlotFilter(
        from_at=from_at,
        from_day=from_day,
        to_at=to_at,
        to_day=to_day,
        time_zone=time_zone,
        consultation_type=consultation_type,
    )
    doctor_zone, rows = await doctor_queries.slots(db, doctor_id, wanted)
    return SlotListView(
        doctor_id=doctor_id,
        time_zone=time_zone or doctor_zone,
        doctor_time_zone=doctor_zone,
        items=[
            SlotView(
                slot_id=row["slot_id"],
                starts_at=row["starts_at"],
                ends_at=row["ends_at"],
                local_start=row["starts_at"].astimezone(timezone(row["utc_offset"])).isoformat(),
                consultation_types=row["consultation_types"],
                place_id=row["place_id"],
                place=row["place"],
            )
            for row in rows
        ],
    )
