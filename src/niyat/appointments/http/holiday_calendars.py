"""Which country's holidays a clinic keeps. They are filled in for the coming year."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Response

from niyat.appointments import errors, schedule_queries
from niyat.appointments.commands.change_holidays import set_holiday_calendar
from niyat.appointments.http.here import Here
from niyat.appointments.http.holidays import PREVIEWS, WRITES, changed
from niyat.appointments.http.schedule_shapes import (
    HolidayCalendarBody,
    HolidayCalendarView,
    PreviewView,
    SettledView,
)
from niyat.appointments.http.table import TABLE
from niyat.appointments.preview import preview_clinic
from niyat.kernel.auth import Admin
from niyat.kernel.db import Connection
from niyat.kernel.errors import InvalidRequest
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import OnceOnly

router = APIRouter(prefix="/api/v1/clinics/{clinic_id}", tags=["holidays"])


@router.get(
    "/holiday-calendar",
    summary="Which country's holidays a clinic keeps",
    responses=problems(TABLE, InvalidRequest, errors.ClinicNotFound),
)
async def get_calendar(clinic_id: UUID, db: Db) -> HolidayCalendarView:
    """Null: no country's."""
    return HolidayCalendarView(**await schedule_queries.holiday_calendar(db, clinic_id))


@router.put(
    "/holiday-calendar",
    response_model=SettledView,
    summary="Choose which country's holidays a clinic keeps",
    responses=problems(TABLE, *WRITES, errors.HolidayCalendarNotFound),
)
async def set_calendar(
    clinic_id: UUID, body: HolidayCalendarBody, who: Admin, once: OnceOnly, here: Here
) -> Response:
    """By an admin. The coming year is filled in at once and kept so; the clinic's own days stay. The bookings on days
    that are closed now are named: each keeps its time until it is moved or cancelled.
    """

    async def change(conn: Connection) -> list[date]:
        return await set_holiday_calendar(
            conn, who, clinic_id, body.country, body.subdivision, reason=body.reason
        )

    return await changed(here, once, clinic_id, change)


@router.post(
    "/holiday-calendar/preview",
    summary="What another country's holidays would do",
    responses=problems(TABLE, *PREVIEWS, errors.HolidayCalendarNotFound),
)
async def preview_calendar(clinic_id: UUID, body: HolidayCalendarBody, who: Admin, here: Here) -> PreviewView:
    """Nothing changes."""
    effect = await preview_clinic(
        here.db,
        clinic_id,
        set_holiday_calendar,
        here.settings.days_ahead,
        who,
        clinic_id,
        body.country,
        body.subdivision,
        reason=body.reason,
    )
    return PreviewView.of(effect)
