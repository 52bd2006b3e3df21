"""The one statement that holds a slot: for whoever asks at the edge, or within a transaction for somebody in line.

All parts of it share one snapshot, taken before it waits for the doctor's lock.

A visit completed before its end no longer counts for the exclusion constraint, but its time is used: no slot over
it is sold. Confirmed ones are looked at too, because one may be completed while the statement waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from niyat.appointments.domain import Actor, ConsultationType
from niyat.events.catalogue import AppointmentReserved
from niyat.events.outbox import draft_for
from niyat.kernel.idempotency import Once
from niyat.kernel.ids import new_id

RESERVE = """
WITH t AS MATERIALIZED (SELECT id, doctor_key FROM available_slots WHERE id = $1),
l AS MATERIALIZED (SELECT t.id, pg_advisory_xact_lock(7, t.doctor_key) FROM t),
s AS (
    UPDATE available_slots v SET status = 'held'
    FROM l, doctors d, clinics c, consultation_settings t
    WHERE v.id = l.id AND d.id = v.doctor_id AND c.id = d.clinic_id AND v.status = 'available' AND d.active
      AND t.doctor_id = d.id AND t.consultation_type = $3 AND $3 = ANY (v.consultation_types)
      AND v.starts_at > niyat_now() AND v.starts_at >= niyat_now() + make_interval(mins => t.minimum_notice_minutes)
      AND v.starts_at < niyat_now() + make_interval(days => t.maximum_advance_days)
      AND NOT EXISTS (
          SELECT FROM appointments u
          WHERE u.doctor_key = v.doctor_key AND u.status IN ('confirmed', 'completed')
            AND u.busy && busy_range(t, v.starts_at, v.ends_at))
      AND ($14::uuid IS NULL OR EXISTS (
          SELECT FROM family_members f WHERE f.id = $14 AND f.account_id = $2 AND f.archived_at IS NULL))
    RETURNING v.id, v.doctor_id, v.doctor_key, v.starts_at, v.ends_at, v.place_id, d AS doctor, c AS clinic,
        busy_range(t, v.starts_at, v.ends_at) AS busy, d.time_zone, t.fee_amount, d.currency
),
a AS (
    INSERT INTO appointments AS a (
        id, doctor_id, doctor_key, patient_id, slot_id, starts_at, ends_at, busy, time_zone,
        consultation_type, place_id, status, hold_expires_at, quoted_amount, price_amount, currency, policy,
        reason_for_visit, family_member_id, waitlist_entry_id)
    SELECT $4, doctor_id, doctor_key, $2, id, starts_at, ends_at, busy, time_zone, $3, place_id,
        'reserved', niyat_now() + $5::interval, fee_amount, fee_amount, currency, $6, $13, $14, $15
    FROM s RETURNING a AS made
),
h AS (
    INSERT INTO appointment_status_history (appointment_id, to_status, actor_role, actor_id, reason_code)
    SELECT (made).id, 'reserved', $16, $17, CASE WHEN $15::uuid IS NULL THEN 'slot-held' ELSE 'waitlist-offer' END
    FROM a
),
o AS (
    INSERT INTO outbox (event_id, topic, key, sequence, type, payload)
    SELECT $8, 'appointment-events', (made).id::text, 1, 'APPOINTMENT_RESERVED',
        niyat_envelope($9, (made).id::text, jsonb_build_object(
            'occurred_at', utc((made).created_at), 'appointment_id', (made).id, 'doctor_id', (made).doctor_id,
            'patient_id', (made).patient_id, 'revision', (made).revision, 'status', (made).status,
            'starts_at', utc((made).starts_at), 'ends_at', utc((made).ends_at), 'time_zone', (made).time_zone,
            'consultation_type', (made).consultation_type, 'hold_expires_at', utc((made).hold_expires_at),
            'amount', (made).price_amount, 'currency', (made).currency))
    FROM a
),
r AS MATERIALIZED (SELECT appointment_json(a.made, s.doctor, s.clinic) AS body FROM a, s),
k AS (
    INSERT INTO idempotency_keys (account_id, route, key, fingerprint, status, body)
    SELECT $7, $10, $11, $12, 201, body FROM r WHERE $11::text IS NOT NULL
)
SELECT body FROM r
"""


class Writer(Protocol):
    """What runs the statement: a database alone, or a connection in its transaction."""

    async def fetchval(self, query: str, *args: object) -> Any: ...


@dataclass(frozen=True, slots=True)
class Reservation:
    """Which slot, for whom, and how they will meet; `waitlist_entry_id` when it is offered to somebody in line."""

    slot_id: UUID
    patient_id: UUID
    consultation_type: ConsultationType
    reason_for_visit: str | None = None
    family_member_id: UUID | None = None
    waitlist_entry_id: UUID | None = None


async def hold_slot(
    writer: Writer,
    wanted: Reservation,
    *,
    policy: dict[str, Any],
    hold: timedelta,
    by: Actor,
    once: Once | None = None,
) -> dict[str, Any] | None:
    """The appointment as the API shows it, `reserved`, stored as the answer to `once`; None when it was not to be had.

    Raises asyncpg's UniqueViolationError and ExclusionViolationError where a wall refuses.
    """
    draft = draft_for(AppointmentReserved, sequence=1)
    claim = (once.route, once.key, once.fingerprint) if once else (None, None, None)
    body: dict[str, Any] | None = await writer.fetchval(
        RESERVE,
        wanted.slot_id,
        wanted.patient_id,
        wanted.consultation_type,
        new_id(),
        hold,
        policy,
        once.account_id if once else None,
        draft.event_id,
        draft.payload,
        *claim,
        wanted.reason_for_visit,
        wanted.family_member_id,
        wanted.waitlist_entry_id,
        by.role,
        by.account_id,
    )
    return body
