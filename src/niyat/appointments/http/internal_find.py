"""What notifications asks right before many reminders leave: is each still so? One call, one statement."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from niyat.appointments import queries
from niyat.appointments.http.internal_shapes import FindAppointmentsBody, FoundAppointmentsView, InternalView
from niyat.appointments.http.table import TABLE
from niyat.kernel.auth import Principal, service_call
from niyat.kernel.errors import Forbidden, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems

router = APIRouter(tags=["internal"])

Notifications = Annotated[Principal, Depends(service_call("notifications"))]


@router.post(
    "/internal/appointments/find",
    summary="Many appointments as other services may know them",
    responses=problems(TABLE, Unauthenticated, Forbidden, InvalidRequest),
)
async def find_internal_appointments(
    body: FindAppointmentsBody, _: Notifications, db: Db
) -> FoundAppointmentsView:
    """Changes nothing. All of them as of one moment; whichever is not there is left out."""
    found = await queries.internal_views(db, body.appointment_ids)
    return FoundAppointmentsView(items=[InternalView(**view) for view in found])
