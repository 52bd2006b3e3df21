"""Holds that lapsed unpaid: their slots are free again. A lapsed hold blocks its slot until this runs.

What a payment has secured is passed over, however late it is: only the payment's own end decides about it.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from niyat.appointments.domain import SYSTEM, AppointmentStatus
from niyat.appointments.record import locked, save
from niyat.events.catalogue import AppointmentExpired
from niyat.kernel.db import Connection, Database
from niyat.kernel.log import get_logger

log = get_logger(__name__)

S = AppointmentStatus
BATCH = 500

LAPSED = """
SELECT id FROM appointments
WHERE status IN ('reserved', 'pending-payment') AND secured_by IS NULL AND hold_expires_at <= niyat_now()
ORDER BY hold_expires_at LIMIT $1
"""


async def expire_lapsed(db: Database) -> int:
    """Expire what has lapsed, each in a transaction of its own: no two doctors' locks are held at once.

    Returns how many expired. One that fails is logged and does not keep the others waiting.
    """
    total = 0
    while lapsed := await db.fetch(LAPSED, BATCH):
        done = sum([await _expire_alone(db, row["id"]) for row in lapsed])
        total += done
        if done < BATCH:
            break
    if total:
        log.info("holds lapsed", count=total)
    return total


async def _expire_alone(db: Database, appointment_id: UUID) -> bool:
    try:
        return await db.run(expire, appointment_id)
    except Exception:  # logged, and tried again a second later
        log.exception("a lapsed hold could not be expired", appointment_id=str(appointment_id))
        return False


async def expire(conn: Connection, appointment_id: UUID) -> bool:
    """Expire it if its hold has lapsed and no payment keeps it. Raises AppointmentNotFound."""
    before = await locked(conn, appointment_id)
    waits = before.status in (S.RESERVED, S.PENDING_PAYMENT) and before.secured_by is None
    if not waits or before.hold_is_on:
        return False
    after = replace(before, status=S.EXPIRED)
    await save(conn, before, after, SYSTEM, "hold-lapsed", AppointmentExpired(**after.facts))
    return True
