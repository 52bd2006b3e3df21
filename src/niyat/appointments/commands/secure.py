"""Keep a slot for a payment that was authorised, so that it can be captured. Idempotent by payment.

`securing` is the number that payments gave this wish; it rises with each release. A wish that was overtaken by
a release finds a higher number and is refused, whoever's it is: `busy`, ask again with the number of now.

This is where late money meets lost time: a lapsed hold that still has its slot is enough, and so is an
expired one whose slot nobody took since.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import asyncpg

from niyat.appointments.domain import PAYMENTS, AppointmentStatus, Secured, secured
from niyat.appointments.errors import SlotTaken
from niyat.appointments.record import locked, save
from niyat.kernel.db import Connection
from niyat.kernel.money import Money

S = AppointmentStatus

OVERTAKEN = "SELECT $2 < released_below FROM appointments WHERE id = $1"
NUMBER = """
UPDATE appointments SET secured_as = CASE WHEN $3 THEN greatest(secured_as, $2) ELSE $2 END WHERE id = $1
"""


async def secure(
    conn: Connection, appointment_id: UUID, *, payment_id: UUID, paid: Money, securing: int
) -> Secured:
    """Secure the appointment for `payment_id`, or say why not. Raises AppointmentNotFound."""
    before = await locked(conn, appointment_id)
    if await conn.fetchval(OVERTAKEN, appointment_id, securing):
        return Secured.BUSY
    settled = secured(before, payment_id, paid)
    if settled is not None:
        if settled is Secured.SECURED:
            await conn.execute(NUMBER, appointment_id, securing, True)
        return settled
    after = replace(before, status=S.PENDING_PAYMENT, secured_by=payment_id, secured_at=before.now)
    try:
        async with conn.transaction():
            await save(conn, before, after, PAYMENTS, "payment-authorised")
    except (SlotTaken, asyncpg.ExclusionViolationError, asyncpg.UniqueViolationError):
        return Secured.GONE
    await conn.execute(NUMBER, appointment_id, securing, False)
    return Secured.SECURED
