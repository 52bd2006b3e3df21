"""Move a visit to another time."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from niyat.appointments import errors, queries
from niyat.appointments.commands.reschedule import reschedule
from niyat.appointments.http.shapes import AppointmentView, RescheduleBody
from niyat.appointments.http.table import TABLE
from niyat.kernel.auth import Who
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once

router = APIRouter(prefix="/api/v1/appointments", tags=["appointments"])


@router.post(
    "/{appointment_id}/reschedule",
    response_model=AppointmentView,
    summary="Move a visit to another time",
    responses=problems(
        TABLE,
        Unauthenticated,
        Forbidden,
        InvalidRequest,
        IdempotencyKeyReused,
        errors.AppointmentNotFound,
        errors.ReasonRequired,
        errors.SlotNotFound,
        errors.SlotTaken,
        errors.SlotBlocked,
        errors.NoticeTooShort,
        errors.TooFarAhead,
        errors.ConsultationTypeNotOffered,
        errors.DearerTime,
        errors.AppointmentCancelled,
        errors.HoldLapsed,
        errors.AlreadyStarted,
        errors.IllegalMove,
    ),
)
async def reschedule_visit(
    appointment_id: UUID, body: RescheduleBody, who: Who, once: OnceOnly, db: Db
) -> Response:
    """The new time is taken and the old one given back at once, or nothing changes. The id stays; `revision` rises.

    Only a confirmed visit moves, before it begins. Where the new time costs less, the difference goes back (of
    a patient's own move, as much of it as a cancellation would give); where it costs more, the patient is refused
    (`dearer-time`), and the doctor or the clinic move it at the old price.
    """

    async def command(conn: Connection) -> Answer:
        await reschedule(
            conn,
            appointment_id,
            who,
            body.slot_id,
            consultation_type=body.consultation_type,
            reason_code=body.reason_code,
        )
        return Answer(200, await queries.appointment(conn, appointment_id, who))

    return (await answer_once(db, once, command)).response()
