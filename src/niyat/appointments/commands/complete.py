"""After the visit: it took place."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.domain import AppointmentStatus, refuse_unless_begun
from niyat.appointments.record import locked, save
from niyat.events.catalogue import AppointmentCompleted
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection

S = AppointmentStatus


async def complete(
    conn: Connection, appointment_id: UUID, who: Principal, *, reason_code: str | None
) -> None:
    """The visit took place; nothing happens when that is known. By its doctor or an admin, who says why.

    Raises AppointmentNotFound, Forbidden, ReasonRequired, NotStarted, IllegalMove.
    """
    before = await locked(conn, appointment_id)
    by = before.staff(who)
    if before.status is S.COMPLETED:
        return
    refuse_unless_begun(before)
    reason = await said_why(conn, by, "complete-appointment", appointment_id, reason_code)
    after = replace(before, status=S.COMPLETED)
    event = AppointmentCompleted(
        **after.facts, amount=after.price_amount, currency=after.currency, payment_id=after.secured_by
    )
    await save(conn, before, after, by, reason, event)
