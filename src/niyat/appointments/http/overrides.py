"""What single days have instead of a doctor's weekly hours: off, other hours, or an extra day."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from niyat.appointments import errors, schedule_queries
from niyat.appointments.commands.remove_override import remove_override
from niyat.appointments.commands.set_override import set_override
from niyat.appointments.http.here import Here
from niyat.appointments.http.schedule_shapes import (
    HitView,
    OverrideBody,
    OverrideSetView,
    OverrideView,
    PreviewView,
    RemovalBody,
    SettledView,
)
from niyat.appointments.http.table import SETTLING, TABLE
from niyat.appointments.preview import preview
from niyat.kernel.auth import Staff
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.fields import Day
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_day, next_cursor

router = APIRouter(prefix="/api/v1/availability", tags=["availability"])

PREVIEWS = (Unauthenticated, Forbidden, InvalidRequest, errors.DoctorNotFound)
WRITES = (*PREVIEWS, IdempotencyKeyReused, errors.ReasonRequired, errors.BookingsInTheWay)
HOURS = (
    errors.DayIsOver,
    errors.HoursOverlap,
    errors.ConsultationTypeNotOffered,
    errors.PlaceNotFound,
)


@router.put(
    "/overrides",
    response_model=OverrideSetView,
    summary="Give one day other hours than its weekly ones",
    responses=problems(TABLE, *WRITES, *HOURS, *SETTLING),
)
async def set_day(body: OverrideBody, who: Staff, once: OnceOnly, here: Here) -> Response:
    """By that doctor or an admin. Without hours it is a day off; with some it may be an extra day, or a holiday
    that the doctor works. What was set for the day before is replaced.

    Each booking outside of the new hours is named in `bookings`, to be cancelled with everything paid going back, or
    moved: all of it happens at once, or nothing. Refused otherwise; the problem has the same list in `bookings`.
    """
    override = body.override()

    async def command(conn: Connection) -> Answer:
        hits = await set_override(
            conn, who, override, body.outcomes, reason=body.reason, days_ahead=here.settings.days_ahead
        )
        row = (await schedule_queries.overrides(conn, body.doctor_id, body.day, body.day, limit=1))[0]
        view = OverrideSetView(**row, bookings=[HitView.of(hit) for hit in hits])
        return Answer(200, view.model_dump(mode="json"))

    return (await answer_once(here.db, once, command)).response()


@router.post(
    "/overrides/preview",
    summary="What other hours on one day would do",
    responses=problems(TABLE, *PREVIEWS, *HOURS, *SETTLING),
)
async def preview_day(body: OverrideBody, who: Staff, here: Here) -> PreviewView:
    """Nothing changes. The bookings that still need an outcome say so."""
    effect = await preview(
        here.db,
        [body.doctor_id],
        set_override,
        who,
        body.override(),
        body.outcomes,
        reason=body.why,
        days_ahead=here.settings.days_ahead,
    )
    return PreviewView.of(effect)


@router.get(
    "/doctors/{doctor_id}/overrides",
    summary="Days on which a doctor has other hours",
    responses=problems(TABLE, *PREVIEWS),
)
async def list_days(
    doctor_id: UUID,
    who: Staff,
    db: Db,
    first: Annotated[Day | None, Query(alias="from", description="The first day; else today")] = None,
    last: Annotated[Day | None, Query(alias="to", description="The last day")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[OverrideView]:
    """For that doctor or an admin; by day."""
    await schedule_queries.refuse_unless_theirs(db, doctor_id, who)
    rows = await schedule_queries.overrides(db, doctor_id, first, last, after=after_day(cursor), limit=limit)
    items = [OverrideView(**row) for row in rows[:limit]]
    return Page(items=items, next_cursor=next_cursor(rows, limit, "day"))


@router.delete(
    "/doctors/{doctor_id}/overrides/{day}",
    response_model=SettledView,
    summary="Give one day its weekly hours again",
    responses=problems(TABLE, *WRITES, errors.OverrideNotFound, *SETTLING),
)
async def reset_day(
    doctor_id: UUID, day: Day, who: Staff, once: OnceOnly, here: Here, body: RemovalBody | None = None
) -> Response:
    """By that doctor or an admin. Each booking outside of the weekly hours needs its outcome, as when the day was
    set.
    """
    removal = body or RemovalBody()

    async def command(conn: Connection) -> Answer:
        hits = await remove_override(
            conn,
            who,
            doctor_id,
            day,
            removal.outcomes,
            reason=removal.reason,
            days_ahead=here.settings.days_ahead,
        )
        return Answer(200, SettledView.of(hits).model_dump(mode="json"))

    return (await answer_once(here.db, once, command)).response()


@router.post(
    "/doctors/{doctor_id}/overrides/{day}/preview",
    summary="What giving one day its weekly hours again would do",
    responses=problems(TABLE, *PREVIEWS, errors.OverrideNotFound, *SETTLING),
)
async def preview_reset(
    doctor_id: UUID, day: Day, who: Staff, here: Here, body: RemovalBody | None = None
) -> PreviewView:
    """Nothing changes. The bookings that still need an outcome say so."""
    removal = body or RemovalBody()
    effect = await preview(
        here.db,
        [doctor_id],
        remove_override,
        who,
        doctor_id,
        day,
        removal.outcomes,
        reason=removal.why,
        days_ahead=here.settings.days_ahead,
    )
    return PreviewView.of(effect)
