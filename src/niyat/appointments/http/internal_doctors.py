"""What payments and notifications ask about a doctor: whose account it is, and what is on the day's list."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from niyat.appointments import errors, queries
from niyat.appointments.http.internal_shapes import DoctorDayView, InternalDoctorView
from niyat.appointments.http.table import TABLE
from niyat.kernel.auth import Principal, service_call
from niyat.kernel.errors import Forbidden, InvalidRequest, Unauthenticated
from niyat.kernel.fields import Instant
from niyat.kernel.http import Db, problems

router = APIRouter(prefix="/internal/doctors", tags=["internal"])

Asking = Annotated[Principal, Depends(service_call("payments", "notifications"))]
Notifications = Annotated[Principal, Depends(service_call("notifications"))]


@router.get(
    "/{doctor_id}",
    summary="A doctor as other services may know them",
    responses=problems(TABLE, Unauthenticated, Forbidden, InvalidRequest, errors.DoctorNotFound),
)
async def get_internal_doctor(doctor_id: UUID, _: Asking, db: Db) -> InternalDoctorView:
    """Whose account a doctor is: asked before a doctor's money is shown or spoken of."""
    return InternalDoctorView(**await queries.internal_doctor(db, doctor_id))


@router.get(
    "/{doctor_id}/day",
    summary="A doctor's confirmed visits of some hours",
    responses=problems(TABLE, Unauthenticated, Forbidden, InvalidRequest, errors.DoctorNotFound),
)
async def get_doctor_day(
    doctor_id: UUID, starts_at: Instant, ends_at: Instant, _: Notifications, db: Db
) -> DoctorDayView:
    """Asked right before a doctor is sent the day's list."""
    return DoctorDayView(**await queries.day_of(db, doctor_id, starts_at, ends_at))
