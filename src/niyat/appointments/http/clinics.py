"""Clinics and their places: anybody may look, an admin enters them."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from niyat.appointments import clinic_queries, errors
from niyat.appointments.commands.create_clinic import create_clinic
from niyat.appointments.commands.create_place import create_place
from niyat.appointments.http.clinic_shapes import ClinicBody, ClinicView, PlaceBody, PlaceView
from niyat.appointments.http.table import TABLE
from niyat.kernel.auth import Admin
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_name, next_cursor

router = APIRouter(prefix="/api/v1/clinics", tags=["clinics"])

WRITES = (Unauthenticated, Forbidden, InvalidRequest, IdempotencyKeyReused)


@router.get("", summary="Clinics", responses=problems(TABLE, InvalidRequest))
async def list_clinics(db: Db, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[ClinicView]:
    """By name."""
    rows = await clinic_queries.clinics(db, after=after_name(cursor), limit=limit)
    items = [ClinicView(**row) for row in rows[:limit]]
    return Page(items=items, next_cursor=next_cursor(rows, limit, "name", "clinic_id"))


@router.post(
    "",
    status_code=201,
    response_model=ClinicView,
    summary="Add a clinic",
    responses=problems(TABLE, *WRITES),
)
async def add_clinic(body: ClinicBody, who: Admin, once: OnceOnly, db: Db) -> Response:
    """By an admin."""

    async def command(conn: Connection) -> Answer:
        clinic_id = await create_clinic(conn, who, name=body.name, address=body.address, reason=body.reason)
        view = ClinicView(clinic_id=clinic_id, name=body.name, address=body.address)
        return Answer(201, view.model_dump(mode="json"))

    return (await answer_once(db, once, command)).response()


@router.get(
    "/{clinic_id}/places",
    summary="Where a clinic's doctors see patients",
    responses=problems(TABLE, InvalidRequest, errors.ClinicNotFound),
)
async def list_places(
    clinic_id: UUID, db: Db, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[PlaceView]:
    """Besides each doctor's usual place; by name."""
    rows = await clinic_queries.places(db, clinic_id, after=after_name(cursor), limit=limit)
    more = next_cursor(rows, limit, "name", "place_id")
    return Page(items=[PlaceView(**row) for row in rows[:limit]], next_cursor=more)


@router.post(
    "/{clinic_id}/places",
    status_code=201,
    response_model=PlaceView,
    summary="Add a place to a clinic",
    responses=problems(TABLE, *WRITES, errors.ClinicNotFound, errors.PlaceExists),
)
async def add_place(clinic_id: UUID, body: PlaceBody, who: Admin, once: OnceOnly, db: Db) -> Response:
    """By an admin."""

    async def command(conn: Connection) -> Answer:
        fields = body.model_dump(exclude={"reason"})
        place_id = await create_place(conn, who, clinic_id, reason=body.reason, **fields)
        view = PlaceView(place_id=place_id, clinic_id=clinic_id, **fields)
        return Answer(201, view.model_dump(mode="json"))

    return (await answer_once(db, once, command)).response()
