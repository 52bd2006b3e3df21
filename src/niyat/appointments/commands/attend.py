"""After the visit: it took place, or somebody did not come."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal
from uuid import UUID

from niyat.appointments.domain import AppointmentStatus, has_started
from niyat.appointments.errors import IllegalMove, NotStarted
from niyat.appointments.record import Actor, Appointment, locked, save
from niyat.events.catalogue import AppointmentCompleted, AppointmentNoShow
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden

S = AppointmentStatus


async def complete(conn: Connection, appointment_id: UUID, who: Principal, *, reason_code: str) -> None:
    """The visit took place. By its doctor or an admin.

    Raises AppointmentNotFound, Forbidden, NotStarted, IllegalMove.
    """
    before, by = await _begun(conn, appointment_id, who)
    after = replace(before, status=S.COMPLETED)
    await save(conn, before, after, by, reason_code, AppointmentCompleted(**after.facts))


async def no_show(
    conn: Connection,
    appointment_id: UUID,
    who: Principal,
    *,
    party: Literal["patient", "doctor"],
    reason_code: str,
) -> None:
    """`party` did not come. By its doctor or an admin.

    Raises AppointmentNotFound, Forbidden, NotStarted, IllegalMove.
    """
    before, by = await _begun(conn, appointment_id, who)
    after = replace(before, status=S.NO_SHOW, no_show_party=party)
    await save(conn, before, after, by, reason_code, AppointmentNoShow(**after.facts, party=party))


async def _begun(conn: Connection, appointment_id: UUID, who: Principal) -> tuple[Appointment, Actor]:
    appointment = await locked(conn, appointment_id)
    by = appointment.actor(who)
    if by.role == "patient":
        raise Forbidden
    if appointment.status is not S.CONFIRMED:
        raise IllegalMove
    if not has_started(appointment.starts_at, appointment.now):
        raise NotStarted
    return appointment, by
