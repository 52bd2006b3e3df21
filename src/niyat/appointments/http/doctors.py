"""Doctors and clinics: anybody may look, an admin enters them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from niyat.appointments import doctor_queries, errors
from niyat.appointments.commands.create_clinic import create_clinic
from niyat.appointments.commands.create_doctor import NewDoctor, create_doctor
from niyat.appointments.http.shapes import ClinicBody, ClinicView, DoctorBody, DoctorView
from niyat.appointments.http.table import TABLE
from niyat.kernel.auth import Admin
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.fields import Name, Short
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.kernel.money import Money
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_name, cursor_at

router = APIRouter(prefix="/api/v1", tags=["doctors"])

WRITES = (Unauthenticated, Forbidden, InvalidRequest, IdempotencyKeyReused)


@router.get("/doctors", summary="Find doctors", responses=problems(TABLE, InvalidRequest))
async def list_doctors(
    db: Db,
    name: Annotated[Name | None, Query(description="A part of the name")] = None,
    specialty: Short | None = None,
    language: Annotated[Short | None, Query(examples=["hi"])] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[DoctorView]:
    """By name, each with the first time that can be booked now."""
    wanted = doctor_queries.DoctorFilter(name=name, specialty=specialty, language=language)
    rows = await doctor_queries.doctors(db, wanted, after=after_name(cursor), limit=limit)
    page = rows[:limit]
    more = cursor_at(page[-1]["name"], page[-1]["doctor_id"]) if len(rows) > limit else None
    return Page(items=[DoctorView(**row) for row in page], next_cursor=more)


@router.get(
    "/doctors/{doctor_id}",
    summary="One doctor",
    responses=problems(TABLE, InvalidRequest, errors.DoctorNotFound),
)
async def get_doctor(doctor_id: UUID, db: Db) -> DoctorView:
    """With the first time that can be booked now."""
    return DoctorView(**await doctor_queries.doctor(db, doctor_id))


@router.post(
    "/clinics",
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


@router.post(
    "/doctors",
    status_code=201,
    response_model=DoctorView,
    summary="Add a doctor",
    responses=problems(
        TABLE, *WRITES, errors.ClinicNotFound, errors.AccountIsADoctor, errors.UnknownTimeZone
    ),
)
async def add_doctor(body: DoctorBody, who: Admin, once: OnceOnly, db: Db) -> Response:
    """By an admin. There are no free times until the weekly hours are set."""
    fields = body.model_dump(exclude={"fee_amount", "currency", "reason"})
    doctor = NewDoctor(fee=Money(body.fee_amount, body.currency), **fields)

    async def command(conn: Connection) -> Answer:
        doctor_id = await create_doctor(conn, who, doctor, reason=body.reason)
        view = DoctorView(**await doctor_queries.doctor(conn, doctor_id))
        return Answer(201, view.model_dump(mode="json"))

    return (await answer_once(db, once, command)).response()
