"""An appointment's row: taken under the doctor's lock, changed in memory by a rule, and saved with its slot,
its history and its events; what it frees is offered to the doctor's line. Only reserve, which is one statement,
writes past this file.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

from niyat.appointments.domain import Actor, Appointment, AppointmentStatus, SlotStatus, slot_status
from niyat.appointments.errors import AppointmentNotFound, SlotTaken
from niyat.appointments.waitlist_offers import follow, pass_on
from niyat.events.catalogue import Event
from niyat.events.outbox import publish
from niyat.kernel.db import Connection, Reader, Row

LOCK_DOCTOR_OF = "SELECT pg_advisory_xact_lock(7, doctor_key) FROM appointments WHERE id = $1"

READ = """
SELECT a.*, lower(a.busy) AS busy_from, upper(a.busy) AS busy_until, d.account_id AS doctor_account_id,
    niyat_now() AS now
FROM appointments a JOIN doctors d ON d.id = a.doctor_id WHERE a.id = $1
"""
FOR_UPDATE = READ + "FOR UPDATE OF a"

SAVE = """
UPDATE appointments SET status = $4, secured_by = $5, secured_at = $6, payment = $7, cancelled_by = $8,
    cancel_reason_code = $9, amount_owed_back = $10, no_show_party = $11, checked_in_at = $12, sequence = $13,
    slot_id = $14, starts_at = $15, ends_at = $16, busy = tstzrange($17, $18), time_zone = $19,
    consultation_type = $20, price_amount = $21, policy = $22, revision = $23, place_id = $24, expected_at = $25,
    forfeited_amount = $26, updated_at = niyat_now()
WHERE id = $1 AND status = $2 AND sequence = $3 RETURNING true
"""

REMEMBER = """
INSERT INTO appointment_status_history
    (appointment_id, from_status, to_status, actor_role, actor_id, reason_code)
VALUES ($1, $2, $3, $4, $5, $6)
"""

# As it was booked, or not at all: meanwhile the slot may be for another type of visit, or at another place.
TAKE_AGAIN = """
UPDATE available_slots v SET status = 'held' FROM appointments a
WHERE a.id = $1 AND v.id = a.slot_id AND v.status = 'available'
  AND a.consultation_type = ANY (v.consultation_types)
  AND (a.consultation_type <> 'IN_PERSON' OR a.place_id IS NOT DISTINCT FROM v.place_id) AND NOT EXISTS (
    SELECT FROM appointments u
    WHERE u.doctor_key = a.doctor_key AND u.status IN ('confirmed', 'completed') AND u.busy && a.busy)
RETURNING true
"""
KEEP = "UPDATE available_slots SET status = $2 WHERE id = $1 AND status IN ('held', 'booked') RETURNING true"
TAKE = "UPDATE available_slots SET status = $2 WHERE id = $1 AND status = 'available' RETURNING true"
GIVE_BACK = """
UPDATE available_slots SET status = planned_as WHERE id = $1 AND status IN ('held', 'booked') RETURNING true
"""


COLUMNS = tuple(field.name for field in fields(Appointment))


async def locked(conn: Connection, appointment_id: UUID) -> Appointment:
    """The appointment, with its doctor's lock and then its own taken. Raises AppointmentNotFound."""
    await conn.execute(LOCK_DOCTOR_OF, appointment_id)
    return _appointment(await conn.fetchrow(FOR_UPDATE, appointment_id))


async def found(reader: Reader, appointment_id: UUID) -> Appointment:
    """The appointment as it is, for a look only. Raises AppointmentNotFound."""
    return _appointment(await reader.fetchrow(READ, appointment_id))


def _appointment(row: Row | None) -> Appointment:
    if row is None:
        raise AppointmentNotFound
    values: dict[str, Any] = {name: row[name] for name in COLUMNS}
    return Appointment(**values | {"status": AppointmentStatus(row["status"])})


async def save(
    conn: Connection, before: Appointment, after: Appointment, by: Actor, reason: str, *events: Event
) -> None:
    """Write `after` over `before`, with the slot as its status wants it, the history and `events`.

    Raises SlotTaken when somebody else has the slot that it wants (again); the transaction must then end, or go
    back to a savepoint.
    """
    await _save_slot(conn, before, after)
    saved = await conn.fetchval(
        SAVE,
        before.id,
        before.status,
        before.sequence,
        after.status,
        after.secured_by,
        after.secured_at,
        after.payment,
        after.cancelled_by,
        after.cancel_reason_code,
        after.amount_owed_back,
        after.no_show_party,
        after.checked_in_at,
        before.sequence + len(events),
        after.slot_id,
        after.starts_at,
        after.ends_at,
        after.busy_from,
        after.busy_until,
        after.time_zone,
        after.consultation_type,
        after.price_amount,
        after.policy,
        after.revision,
        after.place_id,
        after.expected_at,
        after.forfeited_amount,
    )
    if not saved:
        raise RuntimeError(f"appointment {before.id} changed although it was locked")
    if after.status is not before.status or after.revision != before.revision:
        await conn.execute(REMEMBER, before.id, before.status, after.status, by.role, by.account_id, reason)
    for number, event in enumerate(events, before.sequence + 1):
        await publish(conn, event, sequence=number)
    if after.status is not before.status:
        await follow(conn, after)
    if slot_status(before.status) and (not slot_status(after.status) or after.slot_id != before.slot_id):
        await pass_on(conn, before)


async def _save_slot(conn: Connection, before: Appointment, after: Appointment) -> None:
    had, wants = slot_status(before.status), slot_status(after.status)
    if wants and after.slot_id != before.slot_id:
        if not await conn.fetchval(TAKE, after.slot_id, SlotStatus(wants)):
            raise SlotTaken
        wants = None
    if had is wants:
        return
    if wants is None:
        done = await conn.fetchval(GIVE_BACK, before.slot_id)
    elif had is None:
        if not await conn.fetchval(TAKE_AGAIN, before.id):
            raise SlotTaken
        done = True
    else:
        done = await conn.fetchval(KEEP, before.slot_id, SlotStatus(wants))
    if not done:
        raise RuntimeError(f"the slot of appointment {before.id} does not agree with it")
