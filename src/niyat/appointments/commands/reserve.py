"""Hold a slot for a patient: one statement that succeeds, or a second that explains why it did not.

All parts of the statement share one snapshot, taken before it waits for the doctor's lock. So a loser cannot
learn in it why it lost: perhaps the very same request has just won and must be given its answer.

A visit completed before its end no longer counts for the exclusion constraint, but its time is used: no slot over
it is sold. Confirmed ones are looked at too, because one may be completed while the statement waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from niyat.appointments.domain import HOLD, ConsultationType
from niyat.appointments.errors import (
    ConsultationTypeNotOffered,
    NoticeTooShort,
    SlotBlocked,
    SlotNotFound,
    SlotTaken,
    TooFarAhead,
)
from niyat.appointments.refund_policy import RefundPolicy
from niyat.events.catalogue import AppointmentReserved
from niyat.events.outbox import draft_for
from niyat.kernel.db import Database
from niyat.kernel.errors import NiyatError
from niyat.kernel.idempotency import Answer, Once, stored_answer
from niyat.kernel.ids import new_id
from niyat.kernel.log import get_logger

log = get_logger(__name__)

RESERVE = """
WITH t AS MATERIALIZED (SELECT id, doctor_key FROM available_slots WHERE id = $1),
l AS MATERIALIZED (SELECT t.id, pg_advisory_xact_lock(7, t.doctor_key) FROM t),
s AS (
    UPDATE available_slots v SET status = 'held'
    FROM l, doctors d, clinics c, consultation_settings t
    WHERE v.id = l.id AND d.id = v.doctor_id AND c.id = d.clinic_id AND v.status = 'available' AND d.active
      AND t.doctor_id = d.id AND t.consultation_type = $3 AND $3 = ANY (v.consultation_types)
      AND v.starts_at >= niyat_now() + make_interval(mins => t.minimum_notice_minutes)
      AND v.starts_at < niyat_now() + make_interval(days => t.maximum_advance_days)
      AND NOT EXISTS (
          SELECT FROM appointments u
          WHERE u.doctor_key = v.doctor_key AND u.status IN ('confirmed', 'completed')
            AND u.busy && busy_range(t, v.starts_at, v.ends_at))
    RETURNING v.id, v.doctor_id, v.doctor_key, v.starts_at, v.ends_at, v.place_id, d AS doctor, c AS clinic,
        busy_range(t, v.starts_at, v.ends_at) AS busy, d.time_zone, t.fee_amount, d.currency
),
a AS (
    INSERT INTO appointments AS a (
        id, doctor_id, doctor_key, patient_id, slot_id, starts_at, ends_at, busy, time_zone,
        consultation_type, place_id, status, hold_expires_at, quoted_amount, price_amount, currency, policy,
        reason_for_visit)
    SELECT $4, doctor_id, doctor_key, $2, id, starts_at, ends_at, busy, time_zone, $3, place_id,
        'reserved', niyat_now() + $5::interval, fee_amount, fee_amount, currency, $6, $13
    FROM s RETURNING a AS made
),
h AS (
    INSERT INTO appointment_status_history (appointment_id, to_status, actor_role, actor_id, reason_code)
    SELECT (made).id, 'reserved', 'patient', $7, 'slot-held' FROM a
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

WHY_NOT = """
SELECT v.status, d.active,
    t.doctor_id IS NOT NULL AND $2 = ANY (v.consultation_types) AS offered,
    v.starts_at < niyat_now() + make_interval(mins => t.minimum_notice_minutes) AS too_soon,
    v.starts_at >= niyat_now() + make_interval(days => t.maximum_advance_days) AS too_far
FROM available_slots v JOIN doctors d ON d.id = v.doctor_id
    LEFT JOIN consultation_settings t ON t.doctor_id = d.id AND t.consultation_type = $2
WHERE v.id = $1
"""

LOST_TO_ANOTHER = frozenset({"appointments_one_live_per_slot", "appointments_no_overlap"})
REPEATED = "idempotency_keys_pkey"


@dataclass(frozen=True, slots=True)
class Reservation:
    """Which slot, for whom, and how they will meet."""

    slot_id: UUID
    patient_id: UUID
    consultation_type: ConsultationType
    reason_for_visit: str | None = None


async def reserve(
    db: Database, once: Once, wanted: Reservation, *, policy: RefundPolicy, hold: timedelta = HOLD
) -> Answer:
    """Hold the slot; the answer is the appointment, `reserved`. One statement, so it takes `db`.

    Raises SlotNotFound, SlotTaken, SlotBlocked, NoticeTooShort, TooFarAhead, ConsultationTypeNotOffered,
    IdempotencyKeyReused.
    """
    if (answer := await _attempt(db, once, wanted, policy, hold)) is not None:
        return answer
    if (reason := await _why_not(db, wanted)) is not None:
        raise reason
    # The slot is free: it was given back while we waited for the doctor's lock.
    if (answer := await _attempt(db, once, wanted, policy, hold)) is not None:
        return answer
    raise await _why_not(db, wanted) or SlotTaken()


async def _attempt(
    db: Database, once: Once, wanted: Reservation, policy: RefundPolicy, hold: timedelta
) -> Answer | None:
    """The answer, now or as given before; None when the slot could not be held. Raises SlotTaken."""
    draft = draft_for(AppointmentReserved, sequence=1)
    arguments = (
        wanted.slot_id,
        wanted.patient_id,
        wanted.consultation_type,
        new_id(),
        hold,
        policy.as_json(),
        once.account_id,
        draft.event_id,
        draft.payload,
        once.route,
        once.key,
        once.fingerprint,
        wanted.reason_for_visit,
    )
    try:
        body: Any = await db.again(lambda: db.fetchval(RESERVE, *arguments))
    except (asyncpg.UniqueViolationError, asyncpg.ExclusionViolationError) as error:
        if error.constraint_name not in LOST_TO_ANOTHER | {REPEATED}:
            raise
        if stored := await stored_answer(db, once):
            return stored
        raise SlotTaken from error
    if body is None:
        return await stored_answer(db, once)
    db.committed()
    log.info("slot held", appointment_id=body["appointment_id"])
    return Answer(201, body)


async def _why_not(db: Database, wanted: Reservation) -> NiyatError | None:
    """Why the slot cannot be held; None when by now it could be."""
    slot = await db.fetchrow(WHY_NOT, wanted.slot_id, wanted.consultation_type)
    if slot is None:
        return SlotNotFound()
    reasons: dict[type[NiyatError], bool] = {
        SlotTaken: slot["status"] in ("held", "booked"),
        SlotBlocked: slot["status"] == "blocked" or not slot["active"],
        ConsultationTypeNotOffered: not slot["offered"],
        NoticeTooShort: slot["too_soon"],
        TooFarAhead: slot["too_far"],
    }
    return next((reason() for reason, holds in reasons.items() if holds), None)
