"""After the visit: somebody did not come."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.domain import AppointmentStatus, Party, refuse_unless_begun
from niyat.appointments.record import locked, save
from niyat.events.catalogue import AppointmentNoShow
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection

S = AppointmentStatus


async def no_show(
    conn: Connection, appointment_id: UUID, who: Principal, *, party: Party, reason_code: str | None
) -> None:
    """`party` did not come; nothing happens when that is known. By its doctor or an admin, who says why.

    Raises AppointmentNotFound, Forbidden, ReasonRequired, NotStarted, IllegalMove.
    """
    before = await locked(conn, appointment_id)
    by = before.staff(who)
    if before.status is S.NO_SHOW and before.no_show_party == party:
        return
    refuse_unless_begun(before)
    reason = await said_why(conn, by, "mark-no-show", appointment_id, reason_code)
    after = replace(before, status=S.NO_SHOW, no_show_party=party)
    await save(conn, before, after, by, reason, AppointmentNoShow(**after.facts, party=party))
