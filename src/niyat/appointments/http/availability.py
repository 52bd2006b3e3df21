"""When a doctor can be seen: weekly hours and blocked time."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from niyat.appointments import doctor_queries, errors
from niyat.appointments.commands.block_time import block_time
from niyat.appointments.commands.set_week import Hours, set_week
from niyat.appointments.http.here import Here
from niyat.appointments.http.shapes import BlockBody, BlockView, WeekBody, WeekView
from niyat.appointments.http.table import TABLE
from niyat.kernel.auth import Staff
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
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
