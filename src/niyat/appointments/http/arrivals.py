"""On the day: the patient is there, the doctor is late."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Response

from niyat.appointments import errors, queries
from niyat.appointments.commands.check_in import check_in
from niyat.appointments.commands.running_late import running_late
from niyat.appointments.http.here import Here
from niyat.appointments.http.shapes import AppointmentView, CheckInBody, RunningLateBody
from niyat.appointments.http.table import TABLE
from niyat.kernel.auth import Staff, Who
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once

router = APIRouter(prefix="/api/v1/appointments", tags=["appointments"])

REFUSALS = (
    Unauthenticated,
    Forbidden,
    InvalidRequest,
    IdempotencyKeyReused,
    errors.AppointmentNotFound,
    errors.ReasonRequired,
    errors.AppointmentCancelled,
    errors.HoldLapsed,
    errors.IllegalMove,
)


@router.post(
    "/{appointment_id}/check-in",
    response_model=AppointmentView,
    summary="Check the patient in",
    responses=problems(TABLE, *REFUSALS, errors.CheckInNotOpen),
)
async def check_in_patient(
    appointment_id: UUID, who: Who, once: OnceOnly, here: Here, body: CheckInBody | None = None
) -> Response:
    """By staff, or by the patient from an hour before the visit (a setting) until it ends. The first time counts."""
    reason = body.reason_code if body else None
    opens = timedelta(minutes=here.settings.check_in_opens_minutes)

    async def command(conn: Connection) -> Answer:
        await check_in(conn, appointment_id, who, opens=opens, reason_code=reason)
        return Answer(200, await queries.appointment(conn, appointment_id, who))

    return (await answer_once(here.db, once, command)).response()


@router.post(
    "/{appointment_id}/running-late",
    response_model=AppointmentView,
    summary="Say that the doctor is late",
    responses=problems(TABLE, *REFUSALS),
)
async def report_late(
    appointment_id: UUID, body: RunningLateBody, who: Staff, once: OnceOnly, db: Db
) -> Response:
    """`expected_at` says when it will begin; `starts_at` stays, and with it every rule."""

    async def command(conn: Connection) -> Answer:
        await running_late(conn, appointment_id, who, minutes=body.minutes, reason_code=body.reason_code)
        return Answer(200, await queries.appointment(conn, appointment_id, who))

    return (await answer_once(db, once, command)).response()
