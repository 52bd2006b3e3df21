"""Reads of the waitlist, shaped as the API shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from niyat.appointments.errors import WaitlistEntryNotFound
from niyat.kernel.db import Connection, Database, Row

# `ahead`: how many stand before it. An offer is shown while it stands.
ENTRY = """
SELECT e.id AS waitlist_entry_id, e.doctor_id, d.name AS doctor_name, d.time_zone, e.patient_id,
    visitor_json(e.family_member_id) AS visitor, e.consultation_type, e.earliest_day, e.latest_day,
    to_char(e.from_time, 'HH24:MI') AS from_time, to_char(e.to_time, 'HH24:MI') AS to_time, e.reason_for_visit,
    e.status, e.appointment_id, e.lapses, e.closed_because, e.offer_seconds, e.policy, e.created_at, e.updated_at,
    CASE WHEN e.status = 'waiting' THEN (
        SELECT count(*) FROM waitlist_entries o
        WHERE o.doctor_id = e.doctor_id AND o.status = 'waiting' AND o.place < e.place) END AS ahead,
    CASE WHEN e.status = 'offered' THEN jsonb_build_object(
        'appointment_id', a.id, 'consultation_type', a.consultation_type, 'starts_at', utc(a.starts_at),
        'ends_at', utc(a.ends_at), 'hold_expires_at', utc(a.hold_expires_at), 'amount', a.price_amount,
        'currency', a.currency) END AS offer
FROM waitlist_entries e JOIN doctors d ON d.id = e.doctor_id LEFT JOIN appointments a ON a.id = e.appointment_id
"""

ONE = ENTRY + "WHERE e.id = $1 AND e.patient_id = $2"

# $4: whoever asks without being an admin sees what is theirs, as patient or as doctor.
LIST = (
    ENTRY
    + """
WHERE ($1::uuid IS NULL OR e.doctor_id = $1)
  AND ($2::uuid IS NULL OR e.patient_id = $2)
  AND ($3::text[] IS NULL OR e.status = ANY ($3))
  AND ($4::uuid IS NULL OR e.patient_id = $4 OR d.account_id = $4)
  AND ($5::uuid IS NULL OR e.id > $5)
ORDER BY e.id LIMIT $6
"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitlistFilter:
    """Which entries; `seen_by` limits them to one account's own, as patient or as doctor."""

    doctor_id: UUID | None = None
    patient_id: UUID | None = None
    statuses: Sequence[str] | None = None
    seen_by: UUID | None = None


async def entry(conn: Connection, waitlist_entry_id: UUID, patient_id: UUID) -> Row:
    """The patient's own entry. Raises WaitlistEntryNotFound."""
    row = await conn.fetchrow(ONE, waitlist_entry_id, patient_id)
    if row is None:
        raise WaitlistEntryNotFound
    return row


async def entries(db: Database, wanted: WaitlistFilter, *, after: UUID | None, limit: int) -> list[Row]:
    """In the order of joining; one more than `limit` when there are more."""
    return await db.fetch(
        LIST, wanted.doctor_id, wanted.patient_id, wanted.statuses, wanted.seen_by, after, limit + 1
    )
