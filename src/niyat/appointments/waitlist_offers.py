"""A doctor's waitlist: what came free is offered to the first whom it suits, and an entry follows the offer it has.

An offer is an appointment like any other, reserved for who waited: the same walls guard it, the same expiry ends
it, and it is taken by the ordinary payment or confirmation. All of this runs in the transaction that frees the time
and under that doctor's lock, so nobody else sees the slot free in between. Locks: doctor, appointment, slot, entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from niyat.appointments.domain import BOOKED, SYSTEM, Appointment, AppointmentStatus, ConsultationType
from niyat.appointments.reservation import Reservation, hold_slot
from niyat.appointments.waitlist import MOST_LAPSES, SHORTEST_OFFER
from niyat.events.catalogue import WaitlistOffered, WaitlistOfferLapsed
from niyat.events.outbox import publish
from niyat.kernel.db import Connection, Row
from niyat.kernel.log import get_logger

log = get_logger(__name__)

S = AppointmentStatus

# Where nobody waits, the first condition alone is looked at.
FREED = """
SELECT b.id FROM bookable_slots b
WHERE EXISTS (SELECT FROM waitlist_entries WHERE doctor_id = $1 AND status = 'waiting')
  AND b.doctor_id = $1 AND b.starts_at < $3 AND b.ends_at > $2
"""

FREE = """
SELECT b.doctor_id, array_agg(b.id) AS slot_ids FROM bookable_slots b
WHERE b.doctor_id = ANY (ARRAY(
    SELECT doctor_id FROM waitlist_entries WHERE doctor_id = ANY ($1) AND status = 'waiting'))
GROUP BY b.doctor_id
"""

# The first in line whom one of the slots suits, with the earliest that does. Whoever had that very time and let go
# of it while in line is passed over. An offer ends before the slot is too soon to be booked.
NEXT = """
SELECT e.id AS waitlist_entry_id, e.patient_id, e.family_member_id, e.reason_for_visit, e.policy, b.id AS slot_id,
    t.consultation_type, o.hold
FROM waitlist_entries e
    JOIN doctors d ON d.id = e.doctor_id
    JOIN bookable_slots b ON b.doctor_id = e.doctor_id
    JOIN consultation_settings t ON t.doctor_id = e.doctor_id AND t.consultation_type = ANY (b.consultation_types)
    CROSS JOIN LATERAL (
        SELECT b.starts_at AT TIME ZONE d.time_zone AS starts, b.ends_at AT TIME ZONE d.time_zone AS ends) AS local
    CROSS JOIN LATERAL (
        SELECT least(make_interval(secs => e.offer_seconds),
            b.starts_at - make_interval(mins => t.minimum_notice_minutes) - niyat_now()) AS hold) AS o
WHERE e.doctor_id = $1 AND e.status = 'waiting' AND b.id = ANY ($2)
  AND o.hold >= least($3::interval, make_interval(secs => e.offer_seconds))
  AND (e.consultation_type IS NULL OR e.consultation_type = t.consultation_type)
  AND (e.earliest_day IS NULL OR local.starts::date >= e.earliest_day)
  AND (e.latest_day IS NULL OR local.starts::date <= e.latest_day)
  AND (e.from_time IS NULL OR local.starts >= local.starts::date + e.from_time)
  AND (e.to_time IS NULL OR local.ends <= local.starts::date + e.to_time)
  AND e.patient_id IS DISTINCT FROM $5::uuid
  AND NOT EXISTS (
      SELECT FROM appointments a JOIN appointment_status_history h ON h.appointment_id = a.id
      WHERE a.patient_id = e.patient_id AND a.starts_at = b.starts_at AND a.doctor_id = e.doctor_id
        AND h.to_status IN ('cancelled', 'expired') AND h.at >= e.created_at)
ORDER BY e.place, b.starts_at, b.ends_at, t.consultation_type = $4::text DESC, t.consultation_type LIMIT 1
"""

OFFERED = """
UPDATE waitlist_entries SET status = 'offered', appointment_id = $2, sequence = sequence + 1, updated_at = niyat_now()
WHERE id = $1 AND status = 'waiting' RETURNING sequence
"""

BOOKED_AT_LAST = """
UPDATE waitlist_entries SET status = 'booked', appointment_id = $2, updated_at = niyat_now()
WHERE id = $1 AND status IN ('waiting', 'offered')
"""

DECLINED = """
UPDATE waitlist_entries SET status = 'waiting', appointment_id = NULL, updated_at = niyat_now()
WHERE id = $1 AND appointment_id = $2 AND status = 'offered'
"""

LAPSED = """
UPDATE waitlist_entries SET
    status = CASE WHEN lapses + 1 < $3 THEN 'waiting' ELSE 'closed' END,
    closed_because = CASE WHEN lapses + 1 < $3 THEN NULL ELSE 'offers-lapsed' END,
    place = nextval('waitlist_places'), lapses = lapses + 1, appointment_id = NULL, sequence = sequence + 1,
    updated_at = niyat_now()
WHERE id = $1 AND appointment_id = $2 AND status = 'offered'
RETURNING sequence, status = 'waiting' AS still_waiting
"""


async def follow(conn: Connection, appointment: Appointment) -> None:
    """The entry that was offered this appointment becomes what its new status means. Under the doctor's lock.

    Confirmed: it is booked, even if the offer had lapsed in between. Expired: the end of the line. Cancelled: its
    old place, whoever cancelled.
    """
    entry_id = appointment.waitlist_entry_id
    if entry_id is None:
        return
    if appointment.status in BOOKED:
        await conn.execute(BOOKED_AT_LAST, entry_id, appointment.id)
    elif appointment.status is S.CANCELLED:
        await conn.execute(DECLINED, entry_id, appointment.id)
    elif appointment.status is S.EXPIRED:
        lapsed = await conn.fetchrow(LAPSED, entry_id, appointment.id, MOST_LAPSES)
        if lapsed:
            event = WaitlistOfferLapsed(
                occurred_at=appointment.now,
                waitlist_entry_id=entry_id,
                appointment_id=appointment.id,
                doctor_id=appointment.doctor_id,
                patient_id=appointment.patient_id,
                still_waiting=lapsed["still_waiting"],
            )
            await publish(conn, event, sequence=lapsed["sequence"])


async def pass_on(conn: Connection, freed: Appointment) -> None:
    """Offer the time that `freed` had to those in line. Its row must have let go of it before, under the doctor's lock.

    With its slot, others of another length that it kept from being booked come free.
    """
    slots = await conn.fetch(FREED, freed.doctor_id, freed.busy_from, freed.busy_until)
    await offer(conn, freed.doctor_id, [slot["id"] for slot in slots], freed=freed)


async def free_times(conn: Connection, doctor_ids: Sequence[UUID]) -> dict[UUID, frozenset[UUID]]:
    """The slots that can be booked now of those doctors for whom somebody waits."""
    rows = await conn.fetch(FREE, doctor_ids)
    return {row["doctor_id"]: frozenset(row["slot_ids"]) for row in rows}


async def offer(
    conn: Connection, doctor_id: UUID, slot_ids: Sequence[UUID], *, freed: Appointment | None = None
) -> int:
    """Offer free slots of one doctor to the line, each to one and one to each; how many were offered.

    If `freed` had the time, its patient is passed over, and whoever takes any type of visit is offered the same
    type where that is possible. Under the doctor's lock.
    """
    before = (freed.consultation_type, freed.patient_id) if freed else (None, None)
    offered = 0
    while slot_ids:
        chosen = await conn.fetchrow(NEXT, doctor_id, slot_ids, SHORTEST_OFFER, *before)
        if chosen is None or not await _reserve(conn, chosen):
            break
        offered += 1
    return offered


async def _reserve(conn: Connection, chosen: Row) -> bool:
    wanted = Reservation(
        chosen["slot_id"],
        chosen["patient_id"],
        ConsultationType(chosen["consultation_type"]),
        chosen["reason_for_visit"],
        chosen["family_member_id"],
        chosen["waitlist_entry_id"],
    )
    try:
        async with conn.transaction():
            held = await hold_slot(conn, wanted, policy=chosen["policy"], hold=chosen["hold"], by=SYSTEM)
    except asyncpg.ExclusionViolationError:
        held = None
    if held is None:  # What frees time must not fail because of the line; the slot stays free for everybody.
        log.error("a free slot could not be offered", waitlist_entry_id=str(chosen["waitlist_entry_id"]))
        return False
    sequence = await conn.fetchval(OFFERED, chosen["waitlist_entry_id"], UUID(held["appointment_id"]))
    await publish(conn, _event(chosen["waitlist_entry_id"], held), sequence=sequence)
    log.info(
        "freed time is offered",
        waitlist_entry_id=str(chosen["waitlist_entry_id"]),
        appointment_id=held["appointment_id"],
    )
    return True


def _event(entry_id: UUID, held: dict[str, Any]) -> WaitlistOffered:
    same = (
        "appointment_id", "doctor_id", "patient_id", "starts_at", "ends_at", "time_zone", "consultation_type",
        "hold_expires_at", "amount", "currency",
    )  # fmt: skip
    occurred_at = datetime.fromisoformat(held["created_at"])
    return WaitlistOffered(
        occurred_at=occurred_at, waitlist_entry_id=entry_id, **{name: held[name] for name in same}
    )
