"""When a doctor can be seen: the weekly hours."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from niyat.appointments import doctor_queries, errors
from niyat.appointments.commands.set_week import set_week
from niyat.appointments.http.here import Here
from niyat.appointments.http.schedule_shapes import HitView, PreviewView, WeekBody, WeekSetView, WeekView
from niyat.appointments.http.table import SETTLING, TABLE
from niyat.appointments.preview import preview
from niyat.kernel.auth import Staff
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once

router = APIRouter(prefix="/api/v1/availability", tags=["availability"])

PREVIEWS = (
    Unauthenticated,
    Forbidden,
    InvalidRequest,
    errors.DoctorNotFound,
    errors.HoursOverlap,
    errors.ConsultationTypeNotOffered,
    errors.PlaceNotFound,
    *SETTLING,
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
    response_model=WeekSetView,
    summary="Set a doctor's weekly hours",
    responses=problems(TABLE, *PREVIEWS, IdempotencyKeyReused, errors.ReasonRequired),
)
async def set_weekly_hours(body: WeekBody, who: Staff, once: OnceOnly, here: Here) -> Response:
    """By that doctor or an admin. Free times follow at once. Bookings outside of the new hours are named; each keeps
    its time unless `bookings` says that it is cancelled, with everything paid going back, or moved.
    """

    async def command(conn: Connection) -> Answer:
        hits = await set_week(
            conn,
            who,
            body.doctor_id,
            body.windows,
            body.outcomes,
            reason=body.reason,
            days_ahead=here.settings.days_ahead,
        )
        week = await doctor_queries.week(conn, body.doctor_id)
        view = WeekSetView(**week, bookings=[HitView.of(hit) for hit in hits])
        return Answer(200, view.model_dump(mode="json"))

    return (await answer_once(here.db, once, command)).response()


@router.post(
    "/weekly/preview",
    summary="What other weekly hours would do",
    responses=problems(TABLE, *PREVIEWS),
)
async def preview_weekly_hours(body: WeekBody, who: Staff, here: Here) -> PreviewView:
    """Nothing changes. `bookings` are those outside of the new hours."""
    effect = await preview(
        here.db,
        [body.doctor_id],
        set_week,
        who,
        body.doctor_id,
        body.windows,
        body.outcomes,
        reason=body.why,
        days_ahead=here.settings.days_ahead,
    )
    return PreviewView.of(effect)
