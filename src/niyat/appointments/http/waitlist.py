"""A doctor's waitlist: join it, see it, leave it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from niyat.appointments import errors, waitlist_queries
from niyat.appointments.commands.join_waitlist import Wish, join_waitlist
from niyat.appointments.commands.leave_waitlist import leave_waitlist
from niyat.appointments.http.here import Here
from niyat.appointments.http.shapes import WaitlistBody, WaitlistEntryView
from niyat.appointments.http.table import TABLE
from niyat.appointments.waitlist import WaitlistStatus
from niyat.appointments.waitlist_queries import WaitlistFilter
from niyat.kernel.auth import Patient, Who
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_id, next_cursor

router = APIRouter(prefix="/api/v1/waitlist", tags=["waitlist"])

READS = (Unauthenticated, InvalidRequest)

Statuses = Annotated[list[WaitlistStatus] | None, Query(alias="status", max_length=5)]


@router.post(
    "",
    status_code=201,
    response_model=WaitlistEntryView,
    summary="Join a doctor's waitlist",
    responses=problems(
        TABLE,
        *READS,
        Forbidden,
        IdempotencyKeyReused,
        errors.DoctorNotFound,
        errors.ConsultationTypeNotOffered,
        errors.FamilyMemberNotFound,
        errors.AlreadyOnWaitlist,
        errors.DaysAreOver,
    ),
)
async def join_line(body: WaitlistBody, who: Patient, once: OnceOnly, here: Here) -> Response:
    """Time that comes free from now on is offered to the first in line whom it suits: an appointment in `reserved`,
    kept for a while, to be paid or confirmed like any other. Unanswered, it passes on to the next.
    """
    stands = timedelta(seconds=here.settings.offer_seconds)

    async def command(conn: Connection) -> Answer:
        joined = await join_waitlist(
            conn,
            who.account_id,
            Wish(**body.model_dump()),
            policy=here.settings.policy,
            offer_stands=stands,
        )
        return await _answer(conn, 201, joined, who.account_id)

    return (await answer_once(here.db, once, command)).response()


@router.get("", summary="Entries of waitlists that you may see", responses=problems(TABLE, *READS))
async def list_entries(
    who: Who,
    db: Db,
    doctor_id: UUID | None = None,
    patient_id: UUID | None = None,
    status: Statuses = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[WaitlistEntryView]:
    """A patient sees their own, a doctor their line, an admin all; in the order of joining. `ahead` is the place."""
    wanted = WaitlistFilter(
        doctor_id=doctor_id,
        patient_id=patient_id,
        statuses=status,
        seen_by=None if who.has("admin") else who.account_id,
    )
    rows = await waitlist_queries.entries(db, wanted, after=after_id(cursor), limit=limit)
    items = [WaitlistEntryView(**row) for row in rows[:limit]]
    return Page(items=items, next_cursor=next_cursor(rows, limit, "waitlist_entry_id"))


@router.delete(
    "/{waitlist_entry_id}",
    response_model=WaitlistEntryView,
    summary="Leave a doctor's waitlist",
    responses=problems(
        TABLE, *READS, Forbidden, IdempotencyKeyReused, errors.WaitlistEntryNotFound, errors.NotOnWaitlist
    ),
)
async def leave_line(waitlist_entry_id: UUID, who: Patient, once: OnceOnly, db: Db) -> Response:
    """What is on offer to you passes on to the next. To decline an offer alone, cancel its appointment."""

    async def command(conn: Connection) -> Answer:
        await leave_waitlist(conn, waitlist_entry_id, who)
        return await _answer(conn, 200, waitlist_entry_id, who.account_id)

    return (await answer_once(db, once, command)).response()


async def _answer(conn: Connection, status: int, waitlist_entry_id: UUID, patient_id: UUID) -> Answer:
    row = await waitlist_queries.entry(conn, waitlist_entry_id, patient_id)
    return Answer(status, WaitlistEntryView(**row).model_dump(mode="json"))
