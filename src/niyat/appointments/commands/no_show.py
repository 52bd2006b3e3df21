"""After the visit: somebody did not come, or the video failed, which counts as the doctor's."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.domain import AppointmentStatus, Party, no_show_reason, refuse_unless_begun
from niyat.appointments.record import locked, save
from niyat.events.catalogue import AppointmentNoShow
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection

S = AppointmentStatus


async def no_show(
    conn: Connection, appointment_id: UUID, who: Principal, *, party: Party, reason_code: str | None
) -> None:
    """`party` did not come; nothing happens when that is known. By its doctor or an admin, who says why.

    The patient's is paid for like a visit; the doctor's gives back all that the visit cost.
    Raises AppointmentNotFound, Forbidden, ReasonRequired, NotStarted, IllegalMove, ReasonContradicts.
    """
    before = await locked(conn, appointment_id)
    by = before.staff(who)
    if before.status is S.NO_SHOW and before.no_show_party == party:
        return
    refuse_unless_begun(before)
    code = no_show_reason(party, reason_code)
    await said_why(conn, by, "mark-no-show", appointment_id, reason_code)
    owed_back = before.price_amount if party == "doctor" else 0
    after = replace(before, status=S.NO_SHOW, no_show_party=party, amount_owed_back=owed_back)
    event = AppointmentNoShow(
        **after.facts,
        party=party,
        reason_code=code,
        amount=after.price_amount,
        amount_owed_back=owed_back,
        currency=after.currency,
        payment_id=after.secured_by,
    )
    await save(conn, before, after, by, code, event)
