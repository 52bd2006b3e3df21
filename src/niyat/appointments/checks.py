"""What must be true in appointments' own database, at any time."""

from __future__ import annotations

from collections.abc import Sequence

from niyat.appointments import waitlist_checks
from niyat.kernel.checks import Check

NO_OVERLAP = """
SELECT a.id, b.id AS other_id, a.doctor_id FROM appointments a
JOIN appointments b ON b.doctor_key = a.doctor_key AND b.busy && a.busy AND b.id > a.id
    AND b.status IN ('reserved', 'pending-payment', 'confirmed')
WHERE a.status IN ('reserved', 'pending-payment', 'confirmed')
UNION ALL
SELECT a.id, u.id, a.doctor_id FROM appointments a
JOIN appointments u ON u.doctor_key = a.doctor_key AND u.busy && a.busy AND u.id <> a.id
    AND u.status IN ('confirmed', 'completed')
WHERE u.status = 'completed' AND a.status IN ('reserved', 'pending-payment', 'confirmed', 'completed')
"""

ONE_PER_SLOT = """
SELECT slot_id, array_agg(id) AS appointment_ids FROM appointments
WHERE status IN ('reserved', 'pending-payment', 'confirmed') GROUP BY slot_id HAVING count(*) > 1
"""

SLOT_AGREES = """
WITH kept AS (
    SELECT slot_id, min(status) AS status, bool_or(status IN ('reserved', 'pending-payment')) AS held
    FROM appointments WHERE slot_id IS NOT NULL AND status NOT IN ('cancelled', 'expired') GROUP BY slot_id
)
SELECT v.id AS slot_id, v.status AS slot_status, k.status AS appointment_status
FROM available_slots v LEFT JOIN kept k ON k.slot_id = v.id
WHERE (v.status IN ('available', 'blocked') AND k.slot_id IS NOT NULL)
   OR (v.status = 'held' AND k.held IS DISTINCT FROM true)
   OR (v.status = 'booked' AND k.held IS DISTINCT FROM false)
"""

TIMES_AGREE = """
SELECT a.id, a.slot_id FROM appointments a JOIN available_slots v ON v.id = a.slot_id
WHERE a.status NOT IN ('cancelled', 'expired')
  AND (a.doctor_id <> v.doctor_id OR a.starts_at <> v.starts_at OR a.ends_at <> v.ends_at)
"""

LEGAL_HISTORY = """
WITH steps AS (
    SELECT *, lag(to_status) OVER w AS came_from, row_number() OVER w AS number
    FROM appointment_status_history WINDOW w AS (PARTITION BY appointment_id ORDER BY id)
)
SELECT appointment_id, number, came_from, from_status, to_status FROM steps
WHERE from_status IS DISTINCT FROM came_from
   OR (number = 1 AND to_status <> 'reserved')
   OR (number > 1 AND NOT appointment_may_move(from_status, to_status))
"""

HISTORY_ENDS_NOW = """
SELECT a.id, a.status, h.to_status FROM appointments a
LEFT JOIN LATERAL (
    SELECT to_status FROM appointment_status_history WHERE appointment_id = a.id ORDER BY id DESC LIMIT 1) h ON true
WHERE h.to_status IS DISTINCT FROM a.status
"""

NO_LAPSED_HOLD = """
SELECT id, status, hold_expires_at FROM appointments
WHERE status IN ('reserved', 'pending-payment') AND secured_by IS NULL
  AND hold_expires_at <= niyat_now() - make_interval(secs => $1)
"""

EVERY_EVENT_COUNTED = """
SELECT a.id, a.sequence, max(o.sequence) AS newest, count(o.id) AS kept, min(o.sequence) AS oldest
FROM appointments a LEFT JOIN outbox o ON o.topic = 'appointment-events' AND o.key = a.id::text
GROUP BY a.id, a.sequence
HAVING (count(o.id) > 0 AND (max(o.sequence) <> a.sequence
                             OR count(o.id) <> a.sequence - min(o.sequence) + 1
                             OR (min(o.sequence) > 1 AND a.created_at > niyat_now() - interval '6 days')))
    OR (count(o.id) = 0 AND a.updated_at > niyat_now() - interval '6 days')
"""

NOT_BLOCKED = """
SELECT a.id, b.id AS block_id FROM appointments a
JOIN blocked_slots b ON b.doctor_id = a.doctor_id AND b.starts_at < a.ends_at AND b.ends_at > a.starts_at
WHERE a.status IN ('reserved', 'pending-payment', 'confirmed') AND a.ends_at > b.created_at
"""

OVERRIDES_KEPT = """
SELECT a.id, o.day FROM appointments a JOIN doctors d ON d.id = a.doctor_id
JOIN LATERAL (
    SELECT day, max(created_at) AS created_at FROM availability_overrides
    WHERE doctor_id = a.doctor_id AND day = (a.starts_at AT TIME ZONE d.time_zone)::date GROUP BY day) o ON true
WHERE a.status IN ('reserved', 'pending-payment', 'confirmed') AND a.ends_at > o.created_at
  AND lies_outside_hours(a, d)
"""

HOLIDAYS_KEPT = """
SELECT v.id AS slot_id, h.day FROM clinic_holidays h
JOIN doctors d ON d.clinic_id = h.clinic_id
JOIN available_slots v ON v.doctor_id = d.id AND v.status = 'available'
    AND v.starts_at >= h.day::timestamp AT TIME ZONE d.time_zone
    AND v.starts_at < (h.day + 1)::timestamp AT TIME ZONE d.time_zone
WHERE h.observed AND v.starts_at > niyat_now()
  AND NOT EXISTS (SELECT FROM availability_overrides o WHERE o.doctor_id = d.id AND o.day = h.day)
  AND NOT EXISTS (SELECT FROM clinic_replans r WHERE r.clinic_id = h.clinic_id)
"""

REPLANNED = "SELECT clinic_id FROM clinic_replans WHERE asked_at <= niyat_now() - make_interval(secs => $1)"

EVERY_DOCTOR_OFFERS = """
SELECT id FROM doctors d
WHERE active AND NOT EXISTS (SELECT FROM consultation_settings s WHERE s.doctor_id = d.id)
"""

FREE_SLOTS_ARE_OFFERED = """
WITH offered AS (
    SELECT doctor_id, array_agg(consultation_type) AS types FROM consultation_settings GROUP BY doctor_id
)
SELECT v.id, v.doctor_id, v.consultation_types, o.types
FROM available_slots v LEFT JOIN offered o ON o.doctor_id = v.doctor_id
WHERE v.status = 'available' AND v.starts_at > niyat_now() AND (v.consultation_types <@ o.types) IS NOT TRUE
"""

PLACES_ARE_THE_CLINICS = """
SELECT w.id, w.doctor_id, w.place_id
FROM (SELECT id, doctor_id, place_id FROM weekly_availability
      UNION ALL SELECT id, doctor_id, place_id FROM availability_overrides
      UNION ALL SELECT id, doctor_id, place_id FROM available_slots WHERE starts_at > niyat_now()) w
    JOIN doctors d ON d.id = w.doctor_id JOIN places p ON p.id = w.place_id
WHERE p.clinic_id <> d.clinic_id
"""

CHECKS: Sequence[Check] = (
    Check(
        "every-doctor-offers-something",
        "Every listed doctor offers a type of consultation.",
        EVERY_DOCTOR_OFFERS,
    ),
    Check(
        "free-slots-are-offered",
        "Every free slot ahead is for types that its doctor offers.",
        FREE_SLOTS_ARE_OFFERED,
    ),
    Check(
        "places-are-the-clinics",
        "Hours and slots are at places of their doctor's own clinic.",
        PLACES_ARE_THE_CLINICS,
    ),
    Check(
        "no-overlapping-appointments",
        "No doctor has two live or completed appointments at one time, buffers included.",
        NO_OVERLAP,
    ),
    Check("one-appointment-per-slot", "No slot has two live appointments.", ONE_PER_SLOT),
    Check(
        "slots-agree-with-appointments",
        "A slot is held or booked exactly when an appointment holds or has it, and free otherwise.",
        SLOT_AGREES,
    ),
    Check(
        "times-agree-with-slots", "An appointment is at its slot's time, with its slot's doctor.", TIMES_AGREE
    ),
    Check(
        "history-is-a-legal-path",
        "Every appointment's history is a legal path from its reservation.",
        LEGAL_HISTORY,
    ),
    Check("history-ends-in-the-status", "Every appointment's history ends in its status.", HISTORY_ENDS_NOW),
    Check("no-lapsed-hold", "No hold outlives its time unless a payment has secured it.", NO_LAPSED_HOLD),
    Check(
        "appointment-events-are-counted",
        "Every appointment's sequence counts its events, without a gap.",
        EVERY_EVENT_COUNTED,
    ),
    Check(
        "no-booking-in-a-block",
        "No live appointment lies within time that was taken out of its doctor's schedule while it was to come.",
        NOT_BLOCKED,
    ),
    Check(
        "overridden-days-are-kept",
        "No live appointment lies outside of the hours that were set for its day while it was to come.",
        OVERRIDES_KEPT,
    ),
    Check(
        "holidays-are-kept",
        "No time is free on a holiday of its clinic, unless its doctor set hours for that day.",
        HOLIDAYS_KEPT,
    ),
    Check(
        "changed-holidays-are-planned", "No clinic waits for its changed holidays to be planned.", REPLANNED
    ),
    *waitlist_checks.CHECKS,
)
