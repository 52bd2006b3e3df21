"""The days on which a clinic is closed: its country's and its own, and those of its country that it works through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from niyat.appointments import errors, schedule_queries
from niyat.appointments.commands.change_holidays import add_holiday, remove_holiday
from niyat.appointments.commands.replan_clinic import replan_next
from niyat.appointments.hit import Hit
from niyat.appointments.hits import outside
from niyat.appointments.http.doctor_shapes import AdminReasonBody
from niyat.appointments.http.here import Here
from niyat.appointments.http.schedule_shapes import HolidayBody, HolidayView, PreviewView, SettledView
from niyat.appointments.http.table import TABLE
from niyat.appointments.parts import Parts
from niyat.appointments.preview import preview_clinic
from niyat.kernel.auth import Admin
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.fields import Day
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, Once, OnceOnly, answer_once
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_day, next_cursor

router = APIRouter(prefix="/api/v1/clinics/{clinic_id}", tags=["holidays"])

PREVIEWS = (Unauthenticated, Forbidden, InvalidRequest, errors.ClinicNotFound)
WRITES = (*PREVIEWS, IdempotencyKeyReused)


@router.get(
    "/holidays",
    summary="A clinic's holidays",
    responses=problems(TABLE, InvalidRequest, errors.ClinicNotFound),
)
async def list_holidays(
    clinic_id: UUID,
    db: Db,
    first: Annotated[Day | None, Query(alias="from", description="The first day; else today")] = None,
    last: Annotated[Day | None, Query(alias="to", description="The last day")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[HolidayView]:
    """By day. On those that are `observed` the clinic is closed, but for doctors who set hours for that day."""
    rows = await schedule_queries.holidays(db, clinic_id, first, last, after=after_day(cursor), limit=limit)
    items = [HolidayView(**row) for row in rows[:limit]]
    return Page(items=items, next_cursor=next_cursor(rows, limit, "day"))


@router.post(
    "/holidays",
    response_model=SettledView,
    summary="Close a clinic on one day",
    responses=problems(TABLE, *WRITES, errors.DayIsOver),
)
async def close_day(clinic_id: UUID, body: HolidayBody, who: Admin, once: OnceOnly, here: Here) -> Response:
    """By an admin: the clinic's own holiday, or a national one that it worked through. The bookings on that day are
    named: each keeps its time until it is moved or cancelled.
    """

    async def change(conn: Connection) -> list[date]:
        return await add_holiday(conn, who, clinic_id, body.day, body.name, reason=body.reason)

    return await changed(here, once, clinic_id, change)


@router.post(
    "/holidays/preview",
    summary="What closing a clinic on one day would do",
    responses=problems(TABLE, *PREVIEWS, errors.DayIsOver),
)
async def preview_close(clinic_id: UUID, body: HolidayBody, who: Admin, here: Here) -> PreviewView:
    """Nothing changes."""
    effect = await preview_clinic(
        here.db,
        clinic_id,
        add_holiday,
        here.settings.days_ahead,
        who,
        clinic_id,
        body.day,
        body.name,
        reason=body.reason,
    )
    return PreviewView.of(effect)


@router.delete(
    "/holidays/{day}",
    response_model=SettledView,
    summary="Open a clinic on a holiday",
    responses=problems(TABLE, *WRITES, errors.DayIsOver, errors.HolidayNotFound),
)
async def open_day(
    clinic_id: UUID, day: Day, body: AdminReasonBody, who: Admin, once: OnceOnly, here: Here
) -> Response:
    """By an admin. The clinic's own holiday goes; a national one stays in the list, no longer observed."""

    async def change(conn: Connection) -> list[date]:
        return await remove_holiday(conn, who, clinic_id, day, reason=body.reason)

    return await changed(here, once, clinic_id, change)


@router.post(
    "/holidays/{day}/preview",
    summary="What opening a clinic on a holiday would do",
    responses=problems(TABLE, *PREVIEWS, errors.DayIsOver, errors.HolidayNotFound),
)
async def preview_open(
    clinic_id: UUID, day: Day, body: AdminReasonBody, who: Admin, here: Here
) -> PreviewView:
    """Nothing changes."""
    effect = await preview_clinic(
        here.db,
        clinic_id,
        remove_holiday,
        here.settings.days_ahead,
        who,
        clinic_id,
        day,
        reason=body.reason,
    )
    return PreviewView.of(effect)


async def changed(
    here: Parts, once: Once, clinic_id: UUID, change: Callable[[Connection], Awaitable[Sequence[date]]]
) -> Response:
    """Make the change and plan the first doctors anew in one transaction; of a clinic with more, a job plans the rest.
    The bookings are read last, when nobody can book those days any more.
    """
    settings = here.settings

    async def command(conn: Connection) -> Answer:
        days = await change(conn)
        await replan_next(
            conn, clinic_id, days_ahead=settings.days_ahead, doctors_per_batch=settings.doctors_per_batch
        )
        hits: list[Hit] = await outside(conn, clinic_id=clinic_id, days=days)
        return Answer(200, SettledView.of(hits).model_dump(mode="json"))

    return (await answer_once(here.db, once, command)).response()
