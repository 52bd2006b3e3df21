"""Staff change an appointment's status."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from niyat.appointments import errors, queries
from niyat.appointments.commands.cancel import cancel
from niyat.appointments.commands.complete import complete
from niyat.appointments.commands.confirm import confirm_free
from niyat.appointments.commands.no_show import no_show
from niyat.appointments.domain import AppointmentStatus
from niyat.appointments.http.shapes import AppointmentView, StatusBody
from niyat.appointments.http.table import TABLE
from niyat.kernel.auth import Principal, Staff
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once

router = APIRouter(tags=["appointments"])

S = AppointmentStatus

CHANGE: dict[str, Any] = {
    "response_model": AppointmentView,
    "summary": "Change an appointment's status",
    "responses": problems(
        TABLE,
        Unauthenticated,
        Forbidden,
        InvalidRequest,
        IdempotencyKeyReused,
        errors.AppointmentNotFound,
        errors.ReasonRequired,
        errors.ReasonContradicts,
        errors.IllegalMove,
        errors.NotStarted,
        errors.PaymentRequired,
        errors.AppointmentCancelled,
        errors.HoldLapsed,
        errors.AlreadyStarted,
    ),
}


@router.patch("/api/v1/appointments/{appointment_id}/status", **CHANGE)
@router.patch("/appointments/{appointment_id}/status", deprecated=True, **CHANGE)
async def change_status(
    appointment_id: UUID, body: StatusBody, who: Staff, once: OnceOnly, db: Db
) -> Response:
    """By its doctor or an admin, along the allowed moves only: complete, no-show; cancel and confirm a free one, as
    `…/cancel` and `…/confirm` do. Its time is changed by `…/reschedule`.

    A no-show says whose, `party`: the patient's is paid for like a visit; after the doctor's (`doctor-absent`, or
    `video-failed`) everything goes back. A visit that is completed or missed already stays so, and answers the same.
    """

    async def command(conn: Connection) -> Answer:
        await _change(conn, appointment_id, body, who)
        return Answer(200, await queries.appointment(conn, appointment_id, who))

    return (await answer_once(db, once, command)).response()


async def _change(conn: Connection, appointment_id: UUID, body: StatusBody, who: Principal) -> None:
    reason = body.reason_code
    if body.status is S.COMPLETED:
        await complete(conn, appointment_id, who, reason_code=reason)
    elif body.status is S.NO_SHOW:
        await no_show(conn, appointment_id, who, party=body.party, reason_code=reason)
    elif body.status is S.CANCELLED:
        await cancel(conn, appointment_id, who, reason_code=reason)
    elif body.status is S.CONFIRMED:
        await confirm_free(conn, appointment_id, who, reason_code=reason)
    else:
        raise errors.IllegalMove("An appointment comes to this state by itself; nobody can put it there.")
