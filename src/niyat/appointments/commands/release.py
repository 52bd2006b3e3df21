"""The payment that kept a slot will never be captured: the visit waits for money again, or is over.

A release counts for every wish to secure up to its number: older ones that are still on their way find a higher
one. A release that comes after a newer wish of the same payment is passed over.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from niyat.appointments.domain import PAYMENTS, AppointmentStatus
from niyat.appointments.record import locked, save
from niyat.events.catalogue import AppointmentExpired
from niyat.kernel.db import Connection

S = AppointmentStatus

FENCE = """
UPDATE appointments SET released_below = greatest(released_below, $2::bigint + 1) WHERE id = $1 RETURNING secured_as
"""


async def release(conn: Connection, appointment_id: UUID, *, payment_id: UUID, securing: int) -> None:
    """Let go of `payment_id`; nothing happens unless it keeps the slot. Raises AppointmentNotFound."""
    before = await locked(conn, appointment_id)
    secured_as = await conn.fetchval(FENCE, appointment_id, securing)
    if securing < secured_as:
        return
    if before.status is not S.PENDING_PAYMENT or before.secured_by != payment_id:
        return
    after = replace(before, secured_by=None, secured_at=None)
    if before.hold_is_on:
        await save(conn, before, after, PAYMENTS, "payment-released")
        return
    after = replace(after, status=S.EXPIRED)
    await save(conn, before, after, PAYMENTS, "payment-released", AppointmentExpired(**after.facts))
