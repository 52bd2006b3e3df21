"""Hold a slot for a patient: one statement that succeeds, or a second that explains why it did not.

All parts of the statement (reservation.py) share one snapshot, taken before it waits for the doctor's lock. So a
loser cannot learn in it why it lost: perhaps the very same request has just won and must be given its answer.
"""

from __future__ import annotations

from datetime import timedelta

import asyncpg

from niyat.appointments.domain import HOLD, Actor
from niyat.appointments.errors import (
    ConsultationTypeNotOffered,
    FamilyMemberNotFound,
    NoticeTooShort,
    SlotBlocked,
    SlotNotFound,
    SlotTaken,
    TooFarAhead,
)
from niyat.appointments.refund_policy import RefundPolicy
from niyat.appointments.reservation import Reservation, hold_slot
from niyat.kernel.db import Database
from niyat.kernel.errors import NiyatError
from niyat.kernel.idempotency import Answer, Once, stored_answer
from niyat.kernel.log import get_logger

log = get_logger(__name__)

WHY_NOT = """
SELECT v.status, d.active,
    t.doctor_id IS NOT NULL AND $2 = ANY (v.consultation_types) AS offered,
    v.starts_at <= niyat_now()
        OR v.starts_at < niyat_now() + make_interval(mins => t.minimum_notice_minutes) AS too_soon,
    v.starts_at >= niyat_now() + make_interval(days => t.maximum_advance_days) AS too_far,
    $3::uuid IS NULL OR EXISTS (
        SELECT FROM family_members f WHERE f.id = $3 AND f.account_id = $4 AND f.archived_at IS NULL) AS of_the_family
FROM available_slots v JOIN doctors d ON d.id = v.doctor_id
    LEFT JOIN consultation_settings t ON t.doctor_id = d.id AND t.consultation_type = $2
WHERE v.id = $1
"""

LOST_TO_ANOTHER = frozenset({"appointments_one_live_per_slot", "appointments_no_overlap"})
REPEATED = "idempotency_keys_pkey"


async def reserve(
    db: Database, once: Once, wanted: Reservation, *, policy: RefundPolicy, hold: timedelta = HOLD
) -> Answer:
    """Hold the slot; the answer is the appointment, `reserved`. One statement, so it takes `db`.

    Raises SlotNotFound, SlotTaken, SlotBlocked, NoticeTooShort, TooFarAhead, ConsultationTypeNotOffered,
    FamilyMemberNotFound, IdempotencyKeyReused.
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
    """The answer, now or as given before; None when the slot could not be held.

    Raises SlotTaken, FamilyMemberNotFound.
    """
    by = Actor("patient", wanted.patient_id)
    try:
        body = await db.again(
            lambda: hold_slot(db, wanted, policy=policy.as_json(), hold=hold, by=by, once=once)
        )
    except asyncpg.ForeignKeyViolationError as error:  # taken away by the same account at this moment
        raise FamilyMemberNotFound from error
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
    slot = await db.fetchrow(
        WHY_NOT, wanted.slot_id, wanted.consultation_type, wanted.family_member_id, wanted.patient_id
    )
    if slot is None:
        return SlotNotFound()
    reasons: dict[type[NiyatError], bool] = {
        FamilyMemberNotFound: not slot["of_the_family"],
        SlotTaken: slot["status"] in ("held", "booked"),
        SlotBlocked: slot["status"] == "blocked" or not slot["active"],
        ConsultationTypeNotOffered: not slot["offered"],
        NoticeTooShort: slot["too_soon"],
        TooFarAhead: slot["too_far"],
    }
    return next((reason() for reason, holds in reasons.items() if holds), None)
