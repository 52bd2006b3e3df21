"""What must be true of doctors' lines, at any time."""

from __future__ import annotations

from collections.abc import Sequence

from niyat.kernel.checks import Check

# A payment may take again what had lapsed, while its entry waits for something else: only what is offered now counts.
OFFER_STANDS = """
SELECT e.id AS waitlist_entry_id, e.appointment_id, a.status FROM waitlist_entries e
LEFT JOIN appointments a ON a.id = e.appointment_id AND a.waitlist_entry_id = e.id
    AND a.doctor_id = e.doctor_id AND a.patient_id = e.patient_id
    AND a.status IN ('reserved', 'pending-payment')
WHERE e.status = 'offered' AND a.id IS NULL
"""

BOOKED_HAS_ITS_VISIT = """
SELECT e.id AS waitlist_entry_id, e.appointment_id FROM waitlist_entries e
WHERE e.status = 'booked' AND NOT EXISTS (
    SELECT FROM appointments a JOIN appointment_status_history h ON h.appointment_id = a.id
    WHERE a.id = e.appointment_id AND a.waitlist_entry_id = e.id AND h.to_status = 'confirmed')
"""

OFFERED_ONCE = """
SELECT a.doctor_id, array_agg(e.id) AS waitlist_entry_ids FROM waitlist_entries e
JOIN appointments a ON a.id = e.appointment_id
WHERE e.status = 'offered' GROUP BY a.doctor_id, a.slot_id HAVING count(*) > 1
"""

ONE_OPEN = """
SELECT doctor_id, patient_id, array_agg(id) AS waitlist_entry_ids FROM waitlist_entries
WHERE status IN ('waiting', 'offered') GROUP BY doctor_id, patient_id HAVING count(*) > 1
"""

ONE_AT_A_TIME = """
SELECT waitlist_entry_id, array_agg(id) AS appointment_ids FROM appointments
WHERE waitlist_entry_id IS NOT NULL AND status = 'reserved' GROUP BY waitlist_entry_id HAVING count(*) > 1
"""

EVENTS_COUNTED = """
SELECT e.id, e.sequence, max(o.sequence) AS newest, count(o.id) AS kept, min(o.sequence) AS oldest
FROM waitlist_entries e LEFT JOIN outbox o ON o.topic = 'appointment-events' AND o.key = e.id::text
GROUP BY e.id, e.sequence
HAVING (count(o.id) > 0 AND (max(o.sequence) <> e.sequence OR count(o.id) <> e.sequence - min(o.sequence) + 1))
    OR (count(o.id) = 0 AND e.sequence > 0 AND e.updated_at > niyat_now() - interval '6 days')
"""

CHECKS: Sequence[Check] = (
    Check(
        "offers-stand",
        "Whoever is offered time has it reserved for them, and nobody is offered what is gone.",
        OFFER_STANDS,
    ),
    Check(
        "booked-from-the-line",
        "Whoever is booked from a line has a visit that was confirmed.",
        BOOKED_HAS_ITS_VISIT,
    ),
    Check("offered-to-one", "No slot is offered to two at once.", OFFERED_ONCE),
    Check("one-offer-at-a-time", "Nobody holds two unanswered offers of one wait.", ONE_AT_A_TIME),
    Check("one-wait-per-doctor", "Nobody stands twice in one doctor's line.", ONE_OPEN),
    Check(
        "waitlist-events-are-counted",
        "Every waitlist entry's sequence counts its events, without a gap.",
        EVENTS_COUNTED,
    ),
)
