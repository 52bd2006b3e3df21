"""Stand in a doctor's line. What becomes free from now on is offered, each time to the first whom it suits.

The terms of what will be offered, and how long an offer stands, are fixed on joining: they are what was told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from niyat.appointments.commands.plan import lock_doctors
from niyat.appointments.domain import ConsultationType
from niyat.appointments.errors import (
    AlreadyOnWaitlist,
    ConsultationTypeNotOffered,
    DaysAreOver,
    DoctorNotFound,
    FamilyMemberNotFound,
)
from niyat.appointments.refund_policy import RefundPolicy
from niyat.kernel.db import Connection
from niyat.kernel.ids import new_id

MAY_JOIN = """
SELECT coalesce($3 >= (niyat_now() AT TIME ZONE time_zone)::date, true) AS days_ahead,
    $2::text IS NULL OR EXISTS (
        SELECT FROM consultation_settings t WHERE t.doctor_id = d.id AND t.consultation_type = $2) AS type_offered
FROM doctors d WHERE id = $1 AND active
"""

# Shared, so that nobody takes the member away meanwhile.
MEMBER = "SELECT true FROM family_members WHERE id = $1 AND account_id = $2 AND archived_at IS NULL FOR SHARE"

# Times come as text: 24:00 ends a day, and Python has no such time.
JOIN = """
INSERT INTO waitlist_entries (id, doctor_id, patient_id, family_member_id, consultation_type, earliest_day, latest_day,
    from_time, to_time, reason_for_visit, policy, offer_seconds, status)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::time, $9::text::time, $10, $11, $12, 'waiting')
ON CONFLICT (doctor_id, patient_id) WHERE status IN ('waiting', 'offered') DO NOTHING RETURNING true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody waits for. Days and times (`HH:MM`) are local to the doctor; None is any."""

    doctor_id: UUID
    consultation_type: ConsultationType | None = None
    earliest_day: date | None = None
    latest_day: date | None = None
    from_time: str | None = None
    to_time: str | None = None
    family_member_id: UUID | None = None
    reason_for_visit: str | None = None


async def join_waitlist(
    conn: Connection, patient_id: UUID, wish: Wish, *, policy: RefundPolicy, offer_stands: timedelta
) -> UUID:
    """The new entry's id, last in line.

    Raises DoctorNotFound, ConsultationTypeNotOffered, DaysAreOver, FamilyMemberNotFound, AlreadyOnWaitlist.
    """
    await lock_doctors(conn, [wish.doctor_id])
    may = await conn.fetchrow(MAY_JOIN, wish.doctor_id, wish.consultation_type, wish.latest_day)
    if may is None:
        raise DoctorNotFound
    if not may["type_offered"]:
        raise ConsultationTypeNotOffered
    if not may["days_ahead"]:
        raise DaysAreOver
    if wish.family_member_id and not await conn.fetchval(MEMBER, wish.family_member_id, patient_id):
        raise FamilyMemberNotFound
    entry_id = new_id()
    joined = await conn.fetchval(
        JOIN,
        entry_id,
        wish.doctor_id,
        patient_id,
        wish.family_member_id,
        wish.consultation_type,
        wish.earliest_day,
        wish.latest_day,
        wish.from_time,
        wish.to_time,
        wish.reason_for_visit,
        policy.as_json(),
        int(offer_stands.total_seconds()),
    )
    if not joined:
        raise AlreadyOnWaitlist
    return entry_id
