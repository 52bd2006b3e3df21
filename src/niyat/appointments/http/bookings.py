"""One appointment: reserve, confirm a free one, cancel, look."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from niyat.appointments import errors, queries
from niyat.appointments.commands.cancel import cancel
from niyat.appointments.commands.confirm import confirm_free
from niyat.appointments.commands.reserve import reserve
from niyat.appointments.domain import what_goes_back
from niyat.appointments.http.here import Here
from niyat.appointments.http.shapes import (
    AppointmentView,
    CancelBody,
    CancellationView,
    ConfirmBody,
    ReserveBody,
)
from niyat.appointments.http.table import TABLE
from niyat.appointments.record import found
from niyat.appointments.reservation import Reservation
from niyat.kernel.auth import Patient, Principal, Who
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once

router = APIRouter(prefix="/api/v1/appointments", tags=["appointments"])

WRITES = (Unauthenticated, Forbidden, InvalidRequest, IdempotencyKeyReused, errors.AppointmentNotFound)


@router.post(
    "/reserve",
    status_code=201,
    response_model=AppointmentView,
    summary="Hold a slot for five minutes",
    responses=problems(
        TABLE,
        Unauthenticated,
        Forbidden,
        InvalidRequest,
        IdempotencyKeyReused,
        errors.SlotNotFound,
        errors.FamilyMemberNotFound,
        errors.SlotTaken,
        errors.SlotBlocked,
        errors.NoticeTooShort,
        errors.TooFarAhead,
        errors.ConsultationTypeNotOffered,
    ),
)
async def reserve_slot(body: ReserveBody, who: Patient, once: OnceOnly, here: Here) -> Response:
    """Of any number who ask at once, one gets the slot. Price and cancellation terms are fixed from here on."""
    wanted = Reservation(
        body.slot_id, who.account_id, body.consultation_type, body.reason_for_visit, body.family_member_id
    )
    hold = timedelta(seconds=here.settings.hold_seconds)
    return (await reserve(here.db, once, wanted, policy=here.settings.policy, hold=hold)).response()


@router.post(
    "/{appointment_id}/confirm",
    response_model=AppointmentView,
    summary="Confirm a free visit",
    responses=problems(
        TABLE,
        *WRITES,
        errors.ReasonRequired,
        errors.PaymentRequired,
        errors.HoldLapsed,
        errors.AppointmentCancelled,
        errors.IllegalMove,
    ),
)
async def confirm_visit(
    appointment_id: UUID, who: Who, once: OnceOnly, db: Db, body: ConfirmBody | None = None
) -> Response:
    """A paid visit is confirmed by its payment, and answers `payment-required` here."""
    reason = body.reason_code if body else None

    async def command(conn: Connection) -> Answer:
        await confirm_free(conn, appointment_id, who, reason_code=reason)
        return await _answer(conn, appointment_id, who)

    return (await answer_once(db, once, command)).response()


@router.post(
    "/{appointment_id}/cancel",
    response_model=AppointmentView,
    summary="Cancel a visit",
    responses=problems(
        TABLE,
        *WRITES,
        errors.ReasonRequired,
        errors.AppointmentCancelled,
        errors.HoldLapsed,
        errors.AlreadyStarted,
        errors.IllegalMove,
    ),
)
async def cancel_visit(
    appointment_id: UUID, who: Who, once: OnceOnly, db: Db, body: CancelBody | None = None
) -> Response:
    """By its patient (what goes back follows the terms of the booking), its doctor or the clinic (all of it)."""
    reason = body.reason_code if body else None

    async def command(conn: Connection) -> Answer:
        await cancel(conn, appointment_id, who, reason_code=reason)
        return await _answer(conn, appointment_id, who)

    return (await answer_once(db, once, command)).response()


@router.get(
    "/{appointment_id}",
    response_model=AppointmentView,
    summary="One appointment, for its patient, its doctor or an admin",
    responses=problems(TABLE, Unauthenticated, InvalidRequest, errors.AppointmentNotFound),
)
async def get_appointment(appointment_id: UUID, who: Who, db: Db) -> Response:
    """With its payment and everything that became of it."""
    return JSONResponse(await queries.appointment(db, appointment_id, who))


@router.get(
    "/{appointment_id}/cancellation",
    summary="What a cancellation now would give back",
    responses=problems(
        TABLE,
        Unauthenticated,
        InvalidRequest,
        errors.AppointmentNotFound,
        errors.AppointmentCancelled,
        errors.HoldLapsed,
        errors.AlreadyStarted,
        errors.IllegalMove,
    ),
)
async def preview_cancellation(appointment_id: UUID, who: Who, db: Db) -> CancellationView:
    """Nothing changes. Should the payment still be on its way, this is what of it would go back."""
    appointment = await found(db, appointment_id)
    back = what_goes_back(appointment, appointment.actor(who).role)
    values: dict[str, Any] = {
        name: getattr(appointment, name) for name in ("status", "policy", "starts_at", "time_zone")
    }
    return CancellationView(
        appointment_id=appointment.id,
        amount=appointment.price_amount,
        amount_owed_back=back.amount,
        currency=back.currency,
        **values,
    )


async def _answer(conn: Connection, appointment_id: UUID, who: Principal) -> Answer:
    return Answer(200, await queries.appointment(conn, appointment_id, who))
