"""Lists of appointments, and staff's moves of one. Both families of paths: `/api/v1/appointments`, `/appointments`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from niyat.appointments import errors, queries
from niyat.appointments.commands.attend import complete, no_show
from niyat.appointments.commands.cancel import cancel
from niyat.appointments.commands.confirm import confirm_free
from niyat.appointments.domain import AppointmentStatus
from niyat.appointments.http.fields import Body, Cursor, Instant, Limit, ReasonCode, cursor_of, position
from niyat.appointments.http.shapes import AppointmentPage, AppointmentView
from niyat.appointments.http.table import TABLE
from niyat.appointments.queries import AppointmentFilter
from niyat.kernel.auth import Principal, Staff, Who
from niyat.kernel.db import Connection, Database
from niyat.kernel.errors import Forbidden, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems

router = APIRouter(tags=["appointments"])

S = AppointmentStatus
Statuses = Annotated[list[AppointmentStatus] | None, Query(alias="status", max_length=7)]
From = Annotated[Instant | None, Query(alias="from", description="Starting at this instant or later")]
To = Annotated[Instant | None, Query(description="Starting before this instant")]
DoctorId = Annotated[UUID | None, Query(alias="doctor")]
PatientId = Annotated[UUID | None, Query(alias="patient")]

PAGE: dict[str, Any] = {
    "response_model": AppointmentPage,
    "responses": problems(TABLE, Unauthenticated, Forbidden, InvalidRequest),
}


class StatusBody(Body):
    """Where to, and why. `party` says who did not come; an admin always gives a reason."""

    status: AppointmentStatus
    reason_code: ReasonCode | None = None
    party: Literal["patient", "doctor"] = "patient"


@router.get("/api/v1/appointments", summary="Appointments that you may see", **PAGE)
@router.get("/appointments", name="list_bookings", summary="Appointments that you may see", **PAGE)
async def list_appointments(
    who: Who,
    db: Db,
    doctor: DoctorId = None,
    patient: PatientId = None,
    status: Statuses = None,
    starts_from: From = None,
    to: To = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """An admin sees all, a doctor their own list, a patient their own visits."""
    wanted = AppointmentFilter(
        doctor_id=doctor,
        patient_id=patient,
        statuses=status,
        starts_from=starts_from,
        starts_before=to,
        seen_by=None if who.has("admin") else who.account_id,
    )
    return await _page(db, wanted, cursor, limit)


@router.get("/api/v1/appointments/doctor/{doctor_id}", summary="A doctor's appointments", **PAGE)
async def list_doctors_appointments(
    doctor_id: UUID,
    who: Staff,
    db: Db,
    status: Statuses = None,
    starts_from: From = None,
    to: To = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """For that doctor or an admin."""
    if await queries.doctor_account(db, doctor_id) != who.account_id and not who.has("admin"):
        raise Forbidden
    wanted = AppointmentFilter(
        doctor_id=doctor_id, statuses=status, starts_from=starts_from, starts_before=to
    )
    return await _page(db, wanted, cursor, limit)


@router.get("/api/v1/appointments/patient/{patient_id}", summary="A patient's appointments", **PAGE)
async def list_patients_appointments(
    patient_id: UUID,
    who: Who,
    db: Db,
    status: Statuses = None,
    starts_from: From = None,
    to: To = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """For that patient or an admin."""
    if patient_id != who.account_id and not who.has("admin"):
        raise Forbidden
    wanted = AppointmentFilter(
        patient_id=patient_id, statuses=status, starts_from=starts_from, starts_before=to
    )
    return await _page(db, wanted, cursor, limit)


MOVE: dict[str, Any] = {
    "response_model": AppointmentView,
    "summary": "Move an appointment to another status",
    "responses": problems(
        TABLE,
        Unauthenticated,
        Forbidden,
        InvalidRequest,
        errors.AppointmentNotFound,
        errors.ReasonRequired,
        errors.IllegalMove,
        errors.NotStarted,
        errors.PaymentRequired,
        errors.AppointmentCancelled,
        errors.HoldLapsed,
    ),
}


@router.patch("/api/v1/appointments/{appointment_id}/status", **MOVE)
@router.patch("/appointments/{appointment_id}/status", name="move_booking", **MOVE)
async def move_appointment(appointment_id: UUID, body: StatusBody, who: Staff, db: Db) -> Response:
    """By its doctor or an admin, along the allowed moves only: complete, no-show, cancel, confirm a free one."""
    if who.has("admin") and body.reason_code is None:
        raise errors.ReasonRequired

    async def command(conn: Connection) -> dict[str, object]:
        await _move(conn, appointment_id, body, who)
        return await queries.appointment(conn, appointment_id, who)

    return JSONResponse(await db.run(command))


async def _move(conn: Connection, appointment_id: UUID, body: StatusBody, who: Principal) -> None:
    reason = body.reason_code or "by-doctor"
    if body.status is S.COMPLETED:
        await complete(conn, appointment_id, who, reason_code=reason)
    elif body.status is S.NO_SHOW:
        await no_show(conn, appointment_id, who, party=body.party, reason_code=reason)
    elif body.status is S.CANCELLED:
        await cancel(conn, appointment_id, who, reason_code=reason)
    elif body.status is S.CONFIRMED:
        await confirm_free(conn, appointment_id, who)
    else:
        raise errors.IllegalMove("An appointment comes to this state by itself; nobody can put it there.")


async def _page(db: Database, wanted: AppointmentFilter, cursor: str | None, limit: int) -> Response:
    rows = await queries.appointments(db, wanted, after=position(cursor, datetime, UUID), limit=limit)
    page = rows[:limit]
    more = cursor_of(page[-1]["starts_at"].isoformat(), page[-1]["id"]) if len(rows) > limit else None
    return JSONResponse({"items": [row["body"] for row in page], "next_cursor": more})
