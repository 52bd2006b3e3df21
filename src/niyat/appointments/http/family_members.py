"""The family members for whom a patient books."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from niyat.appointments import errors, family_queries
from niyat.appointments.commands.add_family_member import add_family_member
from niyat.appointments.commands.change_family_member import change_family_member
from niyat.appointments.commands.remove_family_member import remove_family_member
from niyat.appointments.http.shapes import FamilyMemberBody, FamilyMemberChangeBody, FamilyMemberView
from niyat.appointments.http.table import TABLE
from niyat.kernel.auth import Patient
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_id, next_cursor

router = APIRouter(prefix="/api/v1/family-members", tags=["family members"])

READS = (Unauthenticated, Forbidden, InvalidRequest)


@router.post(
    "",
    status_code=201,
    response_model=FamilyMemberView,
    summary="Add a family member",
    responses=problems(TABLE, *READS, IdempotencyKeyReused, errors.BirthDateAhead),
)
async def add_member(body: FamilyMemberBody, who: Patient, once: OnceOnly, db: Db) -> Response:
    """Of one's own account. The name is shown with their visits to you, the doctor and the clinic, to nobody else."""

    async def command(conn: Connection) -> Answer:
        added = await add_family_member(conn, who.account_id, **body.model_dump())
        return Answer(201, await _shown(conn, added, who.account_id))

    return (await answer_once(db, once, command)).response()


@router.get("", summary="Your family members", responses=problems(TABLE, *READS))
async def list_members(
    who: Patient, db: Db, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[FamilyMemberView]:
    """Those whom you may book for."""
    rows = await family_queries.family_members(db, who.account_id, after=after_id(cursor), limit=limit)
    items = [FamilyMemberView(**row) for row in rows[:limit]]
    return Page(items=items, next_cursor=next_cursor(rows, limit, "family_member_id"))


@router.patch(
    "/{family_member_id}",
    response_model=FamilyMemberView,
    summary="Correct a family member",
    responses=problems(
        TABLE, *READS, IdempotencyKeyReused, errors.FamilyMemberNotFound, errors.BirthDateAhead
    ),
)
async def change_member(
    family_member_id: UUID, body: FamilyMemberChangeBody, who: Patient, once: OnceOnly, db: Db
) -> Response:
    """What is not named stays as it is. Visits booked before show the correction too."""

    async def command(conn: Connection) -> Answer:
        await change_family_member(conn, family_member_id, who.account_id, body.changes)
        return Answer(200, await _shown(conn, family_member_id, who.account_id))

    return (await answer_once(db, once, command)).response()


@router.delete(
    "/{family_member_id}",
    status_code=204,
    summary="Take a family member away",
    responses=problems(TABLE, *READS, errors.FamilyMemberNotFound, errors.FamilyMemberOnWaitlist),
)
async def remove_member(family_member_id: UUID, who: Patient, db: Db) -> None:
    """Whoever was booked for before stays in those visits' records."""
    await db.run(remove_family_member, family_member_id, who.account_id)


async def _shown(conn: Connection, family_member_id: UUID, account_id: UUID) -> dict[str, Any]:
    row = await family_queries.family_member(conn, family_member_id, account_id)
    return FamilyMemberView(**row).model_dump(mode="json")
