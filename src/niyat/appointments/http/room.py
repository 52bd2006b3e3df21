"""The way into a visit's video room."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from niyat.appointments import errors
from niyat.appointments.commands.open_room import open_room
from niyat.appointments.http.here import Here
from niyat.appointments.http.shapes import RoomView
from niyat.appointments.http.table import TABLE
from niyat.kernel.auth import Who
from niyat.kernel.errors import Forbidden, InvalidRequest, Unauthenticated
from niyat.kernel.http import problems

router = APIRouter(tags=["appointments"])


@router.get(
    "/api/v1/appointments/{appointment_id}/room",
    summary="Your own link to a visit's video room",
    responses=problems(
        TABLE,
        Unauthenticated,
        Forbidden,
        InvalidRequest,
        errors.AppointmentNotFound,
        errors.NotAVideoVisit,
        errors.NotConfirmed,
        errors.AppointmentCancelled,
        errors.HoldLapsed,
        errors.TooEarly,
        errors.RoomClosed,
        errors.VideoNotSetUp,
        errors.VideoUnavailable,
    ),
)
async def get_room(appointment_id: UUID, who: Who, here: Here, response: Response) -> RoomView:
    """For its patient and its doctor alone, once it is confirmed, from 15 minutes before its start until 30 minutes
    after its end (both are settings). Earlier it is `too-early`, with `opens_at`. The link is personal: whoever has it
    enters as this person, until `closes_at`.
    """
    link = await open_room(here, appointment_id, who)
    response.headers["cache-control"] = "no-store"
    return RoomView(url=link.url, opens_at=link.time.opens_at, closes_at=link.time.closes_at)
