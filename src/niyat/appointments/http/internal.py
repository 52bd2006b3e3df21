"""What payments and notifications ask: who gets the time, what is owed back, and is it still so."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends

from niyat.appointments import errors, queries
from niyat.appointments.commands.confirm import confirm_captured
from niyat.appointments.commands.payment_started import payment_started
from niyat.appointments.commands.secure import secure
from niyat.appointments.http.internal_shapes import (
    CapturedBody,
    CapturedView,
    InternalView,
    PaymentStartedBody,
    QuoteView,
    SecureBody,
    SecuredView,
)
from niyat.appointments.http.table import TABLE
from niyat.kernel.auth import Principal, service_call
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.kernel.money import Money

router = APIRouter(prefix="/internal/appointments/{appointment_id}", tags=["internal"])

Payments = Annotated[Principal, Depends(service_call("payments"))]
Asking = Annotated[Principal, Depends(service_call("payments", "notifications"))]

ALWAYS = (Unauthenticated, Forbidden, InvalidRequest, errors.AppointmentNotFound)


@router.post(
    "/payment-started",
    summary="A payment begins: the price and until when",
    responses=problems(
        TABLE,
        *ALWAYS,
        errors.HoldLapsed,
        errors.AppointmentCancelled,
        errors.AlreadyPaid,
        errors.NoPaymentNeeded,
    ),
)
async def start_payment(appointment_id: UUID, body: PaymentStartedBody, _: Payments, db: Db) -> QuoteView:
    """Idempotent: the same quote while the hold lasts."""
    return QuoteView(**await db.run(_quoted, appointment_id, body.account_id))


@router.post("/secure", summary="Keep the slot for an authorised payment", responses=problems(TABLE, *ALWAYS))
async def secure_slot(appointment_id: UUID, body: SecureBody, _: Payments, db: Db) -> SecuredView:
    """Idempotent by payment."""
    paid = Money(body.amount, body.currency)
    outcome = await db.run(
        secure, appointment_id, payment_id=body.payment_id, paid=paid, securing=body.securing
    )
    return SecuredView(outcome=outcome)


@router.post(
    "/payment-captured",
    summary="What a captured payment means: confirmed, or what goes back",
    responses=problems(TABLE, *ALWAYS),
)
async def report_capture(appointment_id: UUID, body: CapturedBody, _: Payments, db: Db) -> CapturedView:
    """The same as the event PAYMENT_COMPLETED brings about; idempotent."""
    paid = Money(body.amount, body.currency)
    found = await db.run(confirm_captured, appointment_id, payment_id=body.payment_id, paid=paid)
    return CapturedView(**asdict(found))


@router.get("", summary="An appointment as other services may know it", responses=problems(TABLE, *ALWAYS))
async def get_internal_appointment(appointment_id: UUID, _: Asking, db: Db) -> InternalView:
    """Asked before something is said to a person: is it still so?"""
    return InternalView(**await queries.internal_view(db, appointment_id))


async def _quoted(conn: Connection, appointment_id: UUID, account_id: UUID) -> dict[str, Any]:
    await payment_started(conn, appointment_id, account_id=account_id)
    return await queries.internal_view(conn, appointment_id)
