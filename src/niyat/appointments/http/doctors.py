"""Doctors and what they offer: anybody may look, an admin enters them."""

from __future__ import annotations

from dataclasses import fields as fields_of
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from niyat.appointments import doctor_queries, errors
from niyat.appointments.commands.create_doctor import NewDoctor, create_doctor
from niyat.appointments.commands.offer import Consultation
from niyat.appointments.commands.update_doctor import update_doctor
from niyat.appointments.domain import ConsultationType
from niyat.appointments.http.doctor_shapes import ChoicesView, DoctorBody, DoctorChangeBody, DoctorView
from niyat.appointments.http.here import Here
from niyat.appointments.http.schedule_shapes import DoctorChangedView, HitView, PreviewView
from niyat.appointments.http.table import TABLE
from niyat.appointments.preview import preview
from niyat.kernel.auth import Admin, Staff
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, Unauthenticated
from niyat.kernel.fields import LATEST, Instant, Name, Short
from niyat.kernel.http import Db, problems
from niyat.kernel.idempotency import Answer, OnceOnly, answer_once
from niyat.kernel.pages import DEFAULT_LIMIT, Cursor, Limit, Page, after_name, after_time, cursor_at

router = APIRouter(prefix="/api/v1", tags=["doctors"])

WRITES = (Unauthenticated, Forbidden, InvalidRequest, IdempotencyKeyReused)


@router.get("/doctors", summary="Find doctors", responses=problems(TABLE, InvalidRequest))
async def list_doctors(
    db: Db,
    name: Annotated[Name | None, Query(description="A part of the name")] = None,
    specialty: Short | None = None,
    language: Annotated[Short | None, Query(examples=["hi"])] = None,
    consultation_type: Annotated[
        ConsultationType | None, Query(description="Who offers it; `first_free_at` is the first for it")
    ] = None,
    clinic_id: UUID | None = None,
    free_before: Annotated[Instant | None, Query(description="With a free time before this instant")] = None,
    sort: Annotated[
        Literal["name", "first-free"], Query(description="`first-free`: whoever can be seen first")
    ] = "name",
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[DoctorView]:
    """Each with the first time that can be booked now."""
    wanted = doctor_queries.DoctorFilter(
        name=name,
        specialty=specialty,
        language=language,
        consultation_type=consultation_type,
        clinic_id=clinic_id,
        free_before=free_before,
    )
    if sort == "name":
        rows = await doctor_queries.doctors_by_name(db, wanted, after=after_name(cursor), limit=limit)
    else:
        rows = await doctor_queries.doctors_by_first_free(db, wanted, after=after_time(cursor), limit=limit)
    page = rows[:limit]
    more = None
    if len(rows) > limit:
        last = page[-1]
        place = last["name"] if sort == "name" else last["first_free_at"] or LATEST
        more = cursor_at(place, last["doctor_id"])
    return Page(items=[DoctorView(**row) for row in page], next_cursor=more)


@router.get("/doctors/choices", summary="What doctors can be searched by", responses=problems(TABLE))
async def list_choices(db: Db) -> ChoicesView:
    """Of the doctors that are listed."""
    return ChoicesView(**await doctor_queries.choices(db))


@router.get(
    "/doctors/{doctor_id}",
    summary="One doctor",
    responses=problems(TABLE, InvalidRequest, errors.DoctorNotFound),
)
async def get_doctor(doctor_id: UUID, db: Db) -> DoctorView:
    """With the first time that can be booked now."""
    return DoctorView(**await doctor_queries.doctor(db, doctor_id))


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
    fields = body.model_dump(include={field.name for field in fields_of(NewDoctor)})
    doctor = NewDoctor(offer=[Consultation(**one) for one in body.offer()], **fields)

    async def command(conn: Connection) -> Answer:
        doctor_id = await create_doctor(conn, who, doctor, reason=body.reason)
        view = DoctorView(**await doctor_queries.doctor(conn, doctor_id))
        return Answer(201, view.model_dump(mode="json"))

    return (await answer_once(db, once, command)).response()


CHANGES = (Unauthenticated, Forbidden, InvalidRequest, errors.DoctorNotFound)


@router.patch(
    "/doctors/{doctor_id}",
    summary="Change a doctor's profile or offer",
    responses=problems(TABLE, *CHANGES, errors.ReasonRequired),
)
async def change_doctor(doctor_id: UUID, body: DoctorChangeBody, who: Staff, here: Here) -> DoctorChangedView:
    """By an admin; the doctor may change all but the name, specialty, registration number and being listed.
    Free times follow at once; what is held or booked keeps its time, its price and its terms. Bookings of what is
    no longer on offer are named.
    """
    days_ahead = here.settings.days_ahead

    async def command(conn: Connection) -> DoctorChangedView:
        hits = await update_doctor(
            conn, who, doctor_id, body.change(), reason=body.reason, days_ahead=days_ahead
        )
        doctor = await doctor_queries.doctor(conn, doctor_id, even_inactive=True)
        return DoctorChangedView(**doctor, bookings=[HitView.of(hit) for hit in hits])

    return await here.db.run(command)


@router.post(
    "/doctors/{doctor_id}/preview",
    summary="What another profile or offer of a doctor would do",
    responses=problems(TABLE, *CHANGES),
)
async def preview_doctor(doctor_id: UUID, body: DoctorChangeBody, who: Staff, here: Here) -> PreviewView:
    """Nothing changes. `bookings` are those of what would no longer be on offer."""
    effect = await preview(
        here.db,
        [doctor_id],
        update_doctor,
        who,
        doctor_id,
        body.change(),
        reason=body.why,
        days_ahead=here.settings.days_ahead,
    )
    return PreviewView.of(effect)
