"""Visits for calendars: one as a file, and an account's own as a feed that calendars subscribe to."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Response

from niyat.appointments import calendars, errors, queries
from niyat.appointments.commands.calendar_feed import make_feed, note_read, revoke_feed
from niyat.appointments.http.here import Here
from niyat.appointments.http.shapes import CalendarFeedView, NewCalendarFeedView
from niyat.appointments.http.table import TABLE
from niyat.kernel.auth import Principal, Who, require
from niyat.kernel.calendar import MEDIA_TYPE, CalendarEvent, calendar
from niyat.kernel.errors import Forbidden, InvalidRequest, TooManyRequests, Unauthenticated
from niyat.kernel.http import Db, problems

router = APIRouter(tags=["calendars"])

FEEDS = "/api/v1/calendar-feeds"
Owner = Annotated[Principal, Depends(require("patient", "doctor"))]

CALENDAR: dict[int | str, dict[str, Any]] = {
    200: {"description": "iCalendar (RFC 5545)", "content": {"text/calendar": {"schema": {"type": "string"}}}}
}
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Nothing changed since that `ETag`"}}


@router.get(
    "/api/v1/appointments/{appointment_id}/calendar.ics",
    summary="One appointment as a calendar file",
    response_class=Response,
    responses=CALENDAR | problems(TABLE, Unauthenticated, InvalidRequest, errors.AppointmentNotFound),
)
async def get_calendar_file(appointment_id: UUID, who: Who, here: Here) -> Response:
    """For its patient, its doctor or an admin. Held: `TENTATIVE`; cancelled or lapsed: `CANCELLED`.

    The UID stays for ever; SEQUENCE is the revision, and one more when it is cancelled.
    """
    body = await queries.appointment(here.db, appointment_id, who)
    # To an admin it reads as to the patient.
    reader = who.account_id if who.has("doctor") else UUID(body["patient_id"])
    text = calendar([calendars.event(body, reader, here.site_url)], name="Appointment")
    headers = {
        "cache-control": "no-store",
        "content-disposition": 'attachment; filename="appointment.ics"',
    }
    return Response(text, media_type=MEDIA_TYPE, headers=headers)


@router.post(
    FEEDS,
    status_code=201,
    summary="Make the private address of your calendar feed",
    responses=problems(TABLE, Unauthenticated, Forbidden),
)
async def make_calendar_feed(who: Owner, here: Here, response: Response) -> NewCalendarFeedView:
    """For a patient or a doctor. Any address made before leads nowhere from now on; so does this one, once it is made
    again. It is shown this once: only its hash is kept, and so there is no `Idempotency-Key` for it.
    """
    token = await here.db.run(make_feed, who.account_id)
    response.headers["cache-control"] = "no-store"
    return NewCalendarFeedView(address=f"{here.site_url}{FEEDS}/{token}.ics")


@router.get(
    FEEDS,
    summary="Whether you have a calendar feed, and when it was last read",
    responses=problems(TABLE, Unauthenticated, Forbidden),
)
async def get_calendar_feed(who: Owner, db: Db) -> CalendarFeedView:
    """The address itself is not kept and cannot be shown again."""
    row = await calendars.own_feed(db, who.account_id)
    return CalendarFeedView(exists=row is not None, **dict(row or {}))


@router.delete(
    FEEDS,
    status_code=204,
    summary="Revoke the address of your calendar feed",
    responses=problems(TABLE, Unauthenticated, Forbidden),
)
async def revoke_calendar_feed(who: Owner, db: Db) -> None:
    """Whoever has the address reads nothing any more. Also when there was none."""
    await db.run(revoke_feed, who.account_id)


@router.get(
    FEEDS + "/{token}.ics",
    summary="A calendar feed, by its private address",
    response_class=Response,
    responses=CALENDAR | UNCHANGED | problems(TABLE, errors.CalendarFeedNotFound, TooManyRequests),
)
async def read_calendar_feed(
    token: str, here: Here, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """Who has the address needs nothing else. Confirmed visits of the last thirty days and all to come; those that were
    cancelled stay for thirty days as `CANCELLED`, so that calendars take them away. At most 60 reads an hour.
    """
    account_id = await here.db.run(note_read, token)
    events = await calendars.feed(here.db, account_id, here.site_url)
    tag = _tag(events)
    headers = {"cache-control": "private, no-cache", "etag": tag, "referrer-policy": "no-referrer"}
    if if_none_match is not None and _matches(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    # A busy doctor's feed takes the library some tenths of a second.
    text = await asyncio.to_thread(partial(calendar, events, name="Appointments"))
    return Response(text, media_type=MEDIA_TYPE, headers=headers)


def _tag(events: Sequence[CalendarEvent]) -> str:
    return f'"{hashlib.sha256(repr(events).encode()).hexdigest()[:32]}"'


def _matches(if_none_match: str, tag: str) -> bool:
    """RFC 9110, 13.1.2: any of a list, weak or not, or `*`."""
    known = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return tag in known or "*" in known
