"""Time that a doctor takes out of the schedule, and gives back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from niyat.appointments import errors, schedule_queries
from niyat.appointments.commands.block_time import Block, block_time
from niyat.appointments.commands.lift_block import lift_block
from niyat.appointments.http.doctor_shapes import PREVIEWED, ReasonBody
from niyat.appointments.http.here import Here
from niyat.appointments.http.schedule_shapes import (
    BlockBody,
    BlockMadeView,
    BlockView,
    HitView,
    PreviewView,
    SettledView,
)
from niyat.appointments.http.table import SETTLING, TABLE
from niyat.appointments.preview import preview
from niyat.kernel.auth import Staff
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.fields import Instant
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.kernel.ids import new_id
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_time, next_cursor

router = APIRouter(prefix="/api/v1/availability", tags=["availability"])

PREVIEWS = (Unauthenticated, Forbidden, InvalidRequest)
WRITES = (*PREVIEWS, IdempotencyKeyReused, errors.ReasonRequired)


@router.post(
    "/block",
    status_code=201,
    response_model=BlockMadeView,
    summary="Take time out of a doctor's schedule",
    responses=problems(TABLE, *WRITES, errors.DoctorNotFound, errors.BookingsInTheWay, *SETTLING),
)
async def take_time_out(body: BlockBody, who: Staff, once: OnceOnly, here: Here) -> Response:
    """By that doctor or an admin. Each booking within the time is named in `bookings`, to be cancelled with
    everything paid going back, or moved: all of it happens at once, or nothing. Refused otherwise; the problem
    has the same list in `bookings`. Holds that nobody has paid on are cancelled without being named.
    """
    block = Block(id=new_id(), doctor_id=body.doctor_id, starts_at=body.starts_at, ends_at=body.ends_at)

    async def command(conn: Connection) -> Answer:
        hits = await block_time(
            conn, who, block, body.outcomes, reason=body.reason, days_ahead=here.settings.days_ahead
        )
        view = BlockMadeView(
            block_id=block.id,
            doctor_id=block.doctor_id,
            starts_at=block.starts_at,
            ends_at=block.ends_at,
            reason=body.reason or "",
            bookings=[HitView.of(hit) for hit in hits],
        )
        return Answer(201, view.model_dump(mode="json"))

    return (await answer_once(here.db, once, command)).response()


@router.post(
    "/block/preview",
    summary="What taking time out of a doctor's schedule would do",
    responses=problems(TABLE, *PREVIEWS, errors.DoctorNotFound, *SETTLING),
)
async def preview_time_out(body: BlockBody, who: Staff, here: Here) -> PreviewView:
    """Nothing changes. The bookings that still need an outcome say so."""
    block = Block(id=new_id(), doctor_id=body.doctor_id, starts_at=body.starts_at, ends_at=body.ends_at)
    effect = await preview(
        here.db,
        [body.doctor_id],
        block_time,
        who,
        block,
        body.outcomes,
        reason=body.why,
        days_ahead=here.settings.days_ahead,
    )
    return PreviewView.of(effect)


@router.get(
    "/doctors/{doctor_id}/blocks",
    summary="Time that a doctor took out of the schedule",
    responses=problems(TABLE, *PREVIEWS, errors.DoctorNotFound),
)
async def list_blocks(
    doctor_id: UUID,
    who: Staff,
    db: Db,
    from_: Annotated[
        Instant | None, Query(alias="from", description="Ending after this instant; else after now")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[BlockView]:
    """For that doctor or an admin; by time."""
    await schedule_queries.refuse_unless_theirs(db, doctor_id, who)
    rows = await schedule_queries.blocks(db, doctor_id, from_, after=after_time(cursor), limit=limit)
    more = next_cursor(rows, limit, "starts_at", "block_id")
    return Page(items=[BlockView(**row) for row in rows[:limit]], next_cursor=more)


@router.delete(
    "/blocks/{block_id}",
    response_model=SettledView,
    summary="Give blocked time back to the schedule",
    responses=problems(TABLE, *WRITES, errors.BlockNotFound),
)
async def give_time_back(
    block_id: UUID, who: Staff, once: OnceOnly, here: Here, body: ReasonBody | None = None
) -> Response:
    """By that doctor or an admin, who says why. Its free times come back at once."""
    reason = body.reason if body else None

    async def command(conn: Connection) -> Answer:
        hits = await lift_block(conn, who, block_id, reason=reason, days_ahead=here.settings.days_ahead)
        return Answer(200, SettledView.of(hits).model_dump(mode="json"))

    return (await answer_once(here.db, once, command)).response()


@router.post(
    "/blocks/{block_id}/preview",
    summary="What giving blocked time back would do",
    responses=problems(TABLE, *PREVIEWS, errors.BlockNotFound),
)
async def preview_time_back(block_id: UUID, who: Staff, here: Here) -> PreviewView:
    """Nothing changes."""
    doctor_id = await schedule_queries.doctor_of_block(here.db, block_id)
    effect = await preview(
        here.db,
        [doctor_id],
        lift_block,
        who,
        block_id,
        reason=PREVIEWED,
        days_ahead=here.settings.days_ahead,
    )
    return PreviewView.of(effect)
