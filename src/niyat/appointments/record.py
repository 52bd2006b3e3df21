"""An appointment's row: taken under the doctor's lock, changed in memory by a rule, and saved with its slot,
its history and its events. Only reserve, which is one statement, writes past this file.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from niyat.appointments.domain import AppointmentStatus, RefundPolicy, SlotStatus, slot_status
from niyat.appointments.errors import AppointmentNotFound, SlotTaken
from niyat.events.catalogue import Event
from niyat.events.outbox import publish
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection, Row
from niyat.kernel.idempotency import Reader
from niyat.kernel.money import Money

LOCK_DOCTOR_OF = "SELECT pg_advisory_xact_lock(7, doctor_key) FROM appointments WHERE id = $1"

READ = """
SELECT a.*, d.account_id AS doctor_account_id, niyat_now() AS now
FROM appointments a JOIN doctors d ON d.id = a.doctor_id WHERE a.id = $1
"""
FOR_UPDATE = READ + "FOR UPDATE OF a"

SAVE = """
UPDATE appointments SET status = $4, secured_by = $5, secured_at = $6, payment = $7, cancelled_by = $8,
    cancel_reason_code = $9, amount_owed_back = $10, no_show_party = $11, checked_in_at = $12, sequence = $13,
    updated_at = niyat_now()
WHERE id = $1 AND status = $2 AND sequence = $3 RETURNING true
"""

REMEMBER = """
INSERT INTO appointment_status_history
    (appointment_id, from_status, to_status, actor_role, actor_id, reason_code)
VALUES ($1, $2, $3, $4, $5, $6)
"""

TAKE_AGAIN = (
    "UPDATE available_slots SET status = 'held' WHERE id = $1 AND status = 'available' RETURNING true"
)
KEEP = "UPDATE available_slots SET status = $2 WHERE id = $1 AND status IN ('held', 'booked') RETURNING true"
GIVE_BACK = """
UPDATE available_slots SET status = planned_as WHERE id = $1 AND status IN ('held', 'booked') RETURNING true
"""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, as the history keeps it."""

    role: str
    account_id: UUID | None = None


SYSTEM = Actor("system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """The row, and the database's time when it was read."""

    id: UUID
    doctor_id: UUID
    doctor_account_id: UUID
    patient_id: UUID
    slot_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    consultation_type: str
    status: AppointmentStatus
    hold_expires_at: datetime
    secured_by: UUID | None
    secured_at: datetime | None
    price_amount: int
    currency: str
    policy: dict[str, Any]
    payment: dict[str, Any] | None
    revision: int
    sequence: int
    cancelled_by: str | None
    cancel_reason_code: str | None
    amount_owed_back: int | None
    no_show_party: str | None
    checked_in_at: datetime | None
    now: datetime

    @property
    def price(self) -> Money:
        return Money(self.price_amount, self.currency)

    @property
    def refund_policy(self) -> RefundPolicy:
        return RefundPolicy.from_json(self.policy)

    @property
    def ahead(self) -> timedelta:
        """How long until it starts; negative when it has begun."""
        return self.starts_at - self.now

    @property
    def hold_is_on(self) -> bool:
        return self.hold_expires_at > self.now

    @property
    def facts(self) -> dict[str, Any]:
        """What every event about it says."""
        return {
            "occurred_at": self.now,
            "appointment_id": self.id,
            "doctor_id": self.doctor_id,
            "patient_id": self.patient_id,
            "revision": self.revision,
            "status": self.status.value,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "time_zone": self.time_zone,
            "consultation_type": self.consultation_type,
        }

    def role_of(self, who: Principal) -> str | None:
        """What `who` is to this appointment: its patient first, its doctor, an admin; None for a stranger."""
        if who.account_id == self.patient_id and who.has("patient"):
            return "patient"
        if who.account_id == self.doctor_account_id and who.has("doctor"):
            return "doctor"
        return "admin" if who.has("admin") else None

    def actor(self, who: Principal) -> Actor:
        """`who` as the history keeps them. Raises AppointmentNotFound for a stranger."""
        role = self.role_of(who)
        if role is None:
            raise AppointmentNotFound
        return Actor(role, who.account_id)


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

    Raises SlotTaken when it gave its slot back and somebody else has it now; the transaction must then end,
    or go back to a savepoint.
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
    )
    if not saved:
        raise RuntimeError(f"appointment {before.id} changed although it was locked")
    if after.status is not before.status:
        await conn.execute(REMEMBER, before.id, before.status, after.status, by.role, by.account_id, reason)
    for number, event in enumerate(events, before.sequence + 1):
        await publish(conn, event, sequence=number)


async def _save_slot(conn: Connection, before: Appointment, after: Appointment) -> None:
    had, wants = slot_status(before.status), slot_status(after.status)
    if had is wants:
        return
    if wants is None:
        done = await conn.fetchval(GIVE_BACK, before.slot_id)
    elif had is None:
        if not await conn.fetchval(TAKE_AGAIN, before.slot_id):
            raise SlotTaken
        done = True
    else:
        done = await conn.fetchval(KEEP, before.slot_id, SlotStatus(wants))
    if not done:
        raise RuntimeError(f"the slot of appointment {before.id} does not agree with it")
