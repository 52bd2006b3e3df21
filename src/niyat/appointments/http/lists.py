"""Lists of appointments: one's own, a doctor's, a patient's."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from niyat.appointments import errors, queries, schedule_queries
from niyat.appointments.domain import AppointmentStatus
from niyat.appointments.http.shapes import AppointmentView
from niyat.appointments.http.table import TABLE
from niyat.appointments.queries import AppointmentFilter
from niyat.kernel.auth import Staff, Who
from niyat.kernel.db import Database
from niyat.kernel.errors import Forbidden, InvalidRequest, Unauthenticated
from niyat.kernel.fields import Instant
from niyat.kernel.http import Db, problems
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_time, next_cursor

router = APIRouter(tags=["appointments"])

Statuses = Annotated[list[AppointmentStatus] | None, Query(alias="status", max_length=7)]
From = Annotated[Instant | None, Query(alias="from", description="Starting at this instant or later")]
To = Annotated[Instant | None, Query(description="Starting before this instant")]

REFUSALS = (Unauthenticated, Forbidden, InvalidRequest)
MINE: dict[str, Any] = {
    "response_model": Page[AppointmentView],
    "summary": "Appointments that you may see",
    "responses": problems(TABLE, *REFUSALS),
}


@router.get("/api/v1/appointments", **MINE)
@router.get("/appointments", deprecated=True, **MINE)
async def list_appointments(
    who: Who,
    db: Db,
    doctor_id: UUID | None = None,
    patient_id: UUID | None = None,
    status: Statuses = None,
    starts_from: From = None,
    to: To = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """An admin sees all, a doctor their own list, a patient their own visits."""
    wanted = AppointmentFilter(
        doctor_id=doctor_id,
        patient_id=patient_id,
        statuses=status,
        starts_from=starts_from,
        starts_before=to,
        seen_by=None if who.has("admin") else who.account_id,
    )
    return await _page(db, wanted, cursor, limit)


@router.get(
    "/api/v1/appointments/doctor/{doctor_id}",
    response_model=Page[AppointmentView],
    summary="A doctor's appointments",
    responses=problems(TABLE, *REFUSALS, errors.DoctorNotFound),
)
async def list_doctors_appointments(
    doctor_id: UUID,
    who: Staff,
    db: Db,
    status: Statuses = None,
    starts_from: From = None,
    to: To = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """For that doctor or an admin."""
    await schedule_queries.refuse_unless_theirs(db, doctor_id, who)
    wanted = AppointmentFilter(
        doctor_id=doctor_id, statuses=status, starts_from=starts_from, starts_before=to
    )
    return await _page(db, wanted, cursor, limit)


@router.get(
    "/api/v1/appointments/patient/{patient_id}",
    response_model=Page[AppointmentView],
    summary="A patient's appointments",
    responses=problems(TABLE, Unauthenticated, InvalidRequest, errors.AppointmentNotFound),
)
async def list_patients_appointments(
    patient_id: UUID,
    who: Who,
    db: Db,
    status: Statuses = None,
    starts_from: From = None,
    to: To = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """For that patient or an admin."""
    if patient_id != who.account_id and not who.has("admin"):
        raise errors.AppointmentNotFound
    wanted = AppointmentFilter(
        patient_id=patient_id, statuses=status, starts_from=starts_from, starts_before=to
    )
    return await _page(db, wanted, cursor, limit)


async def _page(db: Database, wanted: AppointmentFilter, cursor: str | None, limit: int) -> Response:
    rows = await queries.appointments(db, wanted, after=after_time(cursor), limit=limit)
    more = next_cursor(rows, limit, "starts_at", "id")
    return JSONResponse({"items": [row["body"] for row in rows[:limit]], "next_cursor": more})
