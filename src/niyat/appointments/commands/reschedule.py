"""Move a confirmed visit to another time: the new slot is taken and the old one given back in one transaction.

Everything happens under the doctor's lock, so of two who want one slot the first to get the lock has it, and each
statement below sees what the one before left. The visit keeps its id; `revision` counts its moves.
"""

from __future__ import annotations

from uuid import UUID

from niyat.appointments.audit_log import said_why
from niyat.appointments.domain import Appointment, ConsultationType, NewTime, moved, refuse_unless_movable
from niyat.appointments.errors import (
    ConsultationTypeNotOffered,
    NoticeTooShort,
    SlotBlocked,
    SlotNotFound,
    SlotTaken,
    TooFarAhead,
)
from niyat.appointments.record import locked, save
from niyat.events.catalogue import AppointmentRescheduled
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection, Row
from niyat.kernel.money import Money

# The slot, and whatever speaks against it. Its own present time does not: a visit may move by half its length.
SLOT = """
SELECT v.id AS slot_id, v.starts_at, v.ends_at, v.status, v.place_id, d.time_zone, t.fee_amount, d.currency, d.active,
    t.doctor_id IS NOT NULL AND $3 = ANY (v.consultation_types) AS offered, b.busy_from, b.busy_until,
    v.starts_at <= niyat_now() AS past,
    v.starts_at < niyat_now() + make_interval(mins => t.minimum_notice_minutes) AS too_soon,
    v.starts_at >= niyat_now() + make_interval(days => t.maximum_advance_days) AS too_far,
    EXISTS (
        SELECT FROM appointments u
        WHERE u.doctor_key = v.doctor_key AND u.id <> a.id
          AND u.status IN ('reserved', 'pending-payment', 'confirmed', 'completed')
          AND u.busy && tstzrange(b.busy_from, b.busy_until)) AS overlapped
FROM appointments a
    JOIN available_slots v ON v.doctor_id = a.doctor_id AND v.id = $2
    JOIN doctors d ON d.id = v.doctor_id
    LEFT JOIN consultation_settings t ON t.doctor_id = d.id AND t.consultation_type = $3
    CROSS JOIN LATERAL (SELECT
        v.starts_at - make_interval(mins => t.buffer_before_minutes) AS busy_from,
        v.ends_at + make_interval(mins => t.buffer_after_minutes) AS busy_until) b
WHERE a.id = $1
"""


async def reschedule(
    conn: Connection,
    appointment_id: UUID,
    who: Principal,
    slot_id: UUID,
    *,
    consultation_type: ConsultationType | None = None,
    reason_code: str | None = None,
) -> None:
    """Move it to a free slot of the same doctor, as its patient, its doctor or an admin, who says why.

    Nothing happens when it is there already. Notice and how far ahead bind the patient alone.
    Raises AppointmentNotFound, AppointmentCancelled, HoldLapsed (expired), IllegalMove, AlreadyStarted,
    SlotNotFound, SlotTaken, SlotBlocked, NoticeTooShort, TooFarAhead, ConsultationTypeNotOffered, DearerTime,
    ReasonRequired.
    """
    before = await locked(conn, appointment_id)
    by = before.actor(who)
    refuse_unless_movable(before)
    consultation = consultation_type or ConsultationType(before.consultation_type)
    if slot_id == before.slot_id and consultation == before.consultation_type:
        return
    by_patient = by.role == "patient"
    to = await _new_time(conn, before, slot_id, consultation, by_patient=by_patient)
    after = moved(before, to, by_patient=by_patient)
    reason = await said_why(conn, by, "reschedule-appointment", appointment_id, reason_code)
    event = AppointmentRescheduled(
        **after.facts,
        doctor_account_id=after.doctor_account_id,
        previous_starts_at=before.starts_at,
        previous_ends_at=before.ends_at,
        rescheduled_by=by.role,
        reason_code=reason,
        amount=after.price_amount,
        amount_owed_back=before.price_amount - after.price_amount,
        currency=after.currency,
        payment_id=after.secured_by,
    )
    await save(conn, before, after, by, reason, event)


async def _new_time(
    conn: Connection, before: Appointment, slot_id: UUID, consultation: ConsultationType, *, by_patient: bool
) -> NewTime:
    slot = await conn.fetchrow(SLOT, before.id, slot_id, consultation)
    if slot is None:
        raise SlotNotFound
    _refuse_unless_free(slot, own=slot_id == before.slot_id, by_patient=by_patient)
    return NewTime(
        slot_id=slot_id,
        starts_at=slot["starts_at"],
        ends_at=slot["ends_at"],
        busy_from=slot["busy_from"],
        busy_until=slot["busy_until"],
        time_zone=slot["time_zone"],
        consultation_type=consultation,
        place_id=slot["place_id"],
        price=Money(slot["fee_amount"], slot["currency"]),
    )


def _refuse_unless_free(slot: Row, *, own: bool, by_patient: bool) -> None:
    if not own and slot["status"] in ("held", "booked"):
        raise SlotTaken
    if not slot["active"] or slot["status"] == "blocked":
        raise SlotBlocked
    if slot["past"] or (by_patient and slot["too_soon"]):
        raise NoticeTooShort
    if by_patient and slot["too_far"]:
        raise TooFarAhead
    if not slot["offered"]:
        raise ConsultationTypeNotOffered
    if slot["overlapped"]:
        raise SlotTaken
