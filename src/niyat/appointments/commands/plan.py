"""Makes a doctor's slots from weekly hours, overrides, holidays and blocks, in the doctor's own time zone.

A window of hours holds one grid for each length (with its buffers) among the types it is open for; a slot that two
grids have in common is one slot, open for both. Slots start at the same local times every day. When the clocks
change, a start whose local time does not exist that day is left out, and one that comes twice counts the second
time. A slot always lasts its true length: where the change leaves it no room before the next one, or before the
window's end, it is left out. What is held or booked is never touched: it is only marked to be no slot any more once
it is given back.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from niyat.appointments.domain import Actor
from niyat.appointments.errors import DoctorNotFound
from niyat.appointments.waitlist_offers import free_times, offer
from niyat.kernel.auth import Principal
from niyat.kernel.db import Connection
from niyat.kernel.errors import Forbidden

LOCK = """
WITH k AS MATERIALIZED (SELECT doctor_key FROM doctors WHERE id = ANY ($1) ORDER BY doctor_key)
SELECT count(pg_advisory_xact_lock(7, doctor_key)) FROM k
"""

# $3: plan every day anew and drop what is no longer planned; else only add the days that are not planned yet, so
# that the nightly work is in proportion to the new day.
PLAN = """
WITH d AS MATERIALIZED (
    SELECT id, doctor_key, clinic_id, time_zone, active, planned_until,
        (niyat_now() AT TIME ZONE time_zone)::date AS today
    FROM doctors WHERE id = ANY ($1)
),
days AS (
    SELECT d.*, today + ahead AS day, extract(isodow FROM today + ahead)::int AS weekday,
        EXISTS (SELECT FROM availability_overrides o WHERE o.doctor_id = d.id AND o.day = today + ahead) AS overridden,
        EXISTS (SELECT FROM clinic_holidays h
                WHERE h.clinic_id = d.clinic_id AND h.day = today + ahead AND h.observed) AS closed
    FROM d, generate_series(CASE WHEN $3 THEN 0 ELSE greatest(0, planned_until + 1 - today) END, $2::int) AS ahead
    WHERE d.active
),
windows AS (
    SELECT doctor_id, weekday, NULL::date AS day, start_time, end_time, consultation_types, place_id
    FROM weekly_availability WHERE doctor_id = ANY ($1)
    UNION ALL
    SELECT doctor_id, NULL, day, start_time, end_time, consultation_types, place_id
    FROM availability_overrides WHERE doctor_id = ANY ($1) AND start_time IS NOT NULL
),
grids AS MATERIALIZED (
    SELECT w.doctor_id, weekday, day, start_time, end_time, place_id, row_number() OVER () AS grid,
        array_agg(consultation_type ORDER BY consultation_type) AS types,
        make_interval(mins => slot_minutes) AS length,
        make_interval(mins => buffer_before_minutes + slot_minutes + buffer_after_minutes) AS step,
        count(*) OVER (PARTITION BY w.doctor_id, weekday, day, start_time, slot_minutes) > 1 AS has_twin
    FROM windows w JOIN consultation_settings s ON s.doctor_id = w.doctor_id
        AND (w.consultation_types IS NULL OR s.consultation_type = ANY (w.consultation_types))
    GROUP BY w.doctor_id, weekday, day, start_time, end_time, place_id, slot_minutes, step
),
spans AS (
    SELECT d.id AS doctor_id, d.doctor_key, d.time_zone, d.day, g.grid, g.types, g.length, g.step, g.place_id,
        g.has_twin, d.day + g.start_time AS opens, d.day + g.end_time AS closes,
        (d.day + g.start_time) AT TIME ZONE d.time_zone AS opens_at,
        (d.day + g.end_time) AT TIME ZONE d.time_zone AS closes_at
    FROM days d JOIN grids g ON g.doctor_id = d.id
        AND (g.day = d.day OR (g.weekday = d.weekday AND NOT d.overridden AND NOT d.closed))
),
-- Hours within which no clock changes are as long as they look; nearly all are, and they need no closer look.
looked_at AS MATERIALIZED (
    SELECT *, NOT has_twin AND closes_at - opens_at = closes - opens AND opens_at AT TIME ZONE time_zone = opens
        AND closes_at AT TIME ZONE time_zone = closes AS is_plain
    FROM spans
),
starts AS (
    SELECT s.*, wall AT TIME ZONE time_zone AS starts_at,
        lead(wall AT TIME ZONE time_zone) OVER (PARTITION BY grid, day ORDER BY wall) AS next_starts_at
    FROM looked_at s, generate_series(opens, closes - length, step) AS wall
    WHERE NOT is_plain AND wall AT TIME ZONE time_zone AT TIME ZONE time_zone = wall
),
slots AS (
    SELECT doctor_id, doctor_key, starts_at, starts_at + length AS ends_at, place_id, types AS consultation_types
    FROM looked_at, generate_series(opens_at, closes_at - length, step) AS starts_at
    WHERE is_plain AND starts_at > niyat_now()
    UNION ALL
    SELECT doctor_id, doctor_key, starts_at, starts_at + length, place_id, array_agg(type ORDER BY type)
    FROM starts, unnest(types) AS type
    WHERE starts_at > niyat_now() AND (next_starts_at IS NULL OR next_starts_at >= starts_at + step)
      AND (starts_at + length - interval '1 us') AT TIME ZONE time_zone < closes
    GROUP BY doctor_id, doctor_key, starts_at, length, place_id
),
plan AS MATERIALIZED (
    SELECT slots.*, CASE WHEN EXISTS (
        SELECT FROM blocked_slots b
        WHERE b.doctor_id = slots.doctor_id AND b.starts_at < slots.ends_at AND b.ends_at > slots.starts_at)
        THEN 'blocked' ELSE 'available' END AS planned_as
    FROM slots
),
made AS (
    INSERT INTO available_slots AS v (
        doctor_id, doctor_key, starts_at, ends_at, status, planned_as, consultation_types, place_id)
    SELECT doctor_id, doctor_key, starts_at, ends_at, planned_as, planned_as, consultation_types, place_id FROM plan
    ON CONFLICT ON CONSTRAINT available_slots_once DO UPDATE SET
        planned_as = excluded.planned_as,
        status = CASE WHEN v.status IN ('held', 'booked') THEN v.status ELSE excluded.planned_as END,
        consultation_types = excluded.consultation_types,
        place_id = excluded.place_id
    WHERE (v.planned_as, v.consultation_types, v.place_id)
        IS DISTINCT FROM (excluded.planned_as, excluded.consultation_types, excluded.place_id)
    RETURNING 1
),
marked AS (UPDATE doctors SET planned_until = d.today + $2::int FROM d WHERE doctors.id = d.id),
unplanned AS (
    SELECT v.id FROM available_slots v JOIN d ON d.id = v.doctor_id
    WHERE $3 AND v.starts_at > niyat_now() AND NOT EXISTS (
        SELECT FROM plan p
        WHERE p.doctor_id = v.doctor_id AND p.starts_at = v.starts_at AND p.ends_at = v.ends_at)
),
dropped AS (
    DELETE FROM available_slots v USING unplanned u WHERE v.id = u.id AND v.status IN ('available', 'blocked')
),
orphaned AS (
    UPDATE available_slots v SET planned_as = 'blocked' FROM unplanned u
    WHERE v.id = u.id AND v.status IN ('held', 'booked') AND v.planned_as <> 'blocked'
)
SELECT count(*) FROM made
"""


async def lock_doctors(conn: Connection, doctor_ids: Sequence[UUID]) -> None:
    """Take the doctors' locks, sorted, so that no two transactions wait for each other."""
    await conn.execute(LOCK, doctor_ids)


async def locked_schedule(conn: Connection, doctor_id: UUID, who: Principal) -> Actor:
    """Take the doctor's lock; whether `who` acts as that doctor or as an admin. Raises DoctorNotFound, Forbidden."""
    await lock_doctors(conn, [doctor_id])
    account_id = await conn.fetchval("SELECT account_id FROM doctors WHERE id = $1", doctor_id)
    if account_id is None:
        raise DoctorNotFound
    if account_id == who.account_id:
        return Actor("doctor", who.account_id)
    if who.has("admin"):
        return Actor("admin", who.account_id)
    raise Forbidden


async def extend(conn: Connection, doctor_ids: Sequence[UUID], *, days_ahead: int) -> int:
    """Make the slots of the days not planned yet, up to `days_ahead` after today; how many were made."""
    return await _plan(conn, doctor_ids, days_ahead, anew=False)


async def replan(conn: Connection, doctor_ids: Sequence[UUID], *, days_ahead: int) -> int:
    """Bring the doctors' free future slots in line with the schedule; how many were made or changed."""
    return await _plan(conn, doctor_ids, days_ahead, anew=True)


async def _plan(conn: Connection, doctor_ids: Sequence[UUID], days_ahead: int, *, anew: bool) -> int:
    """And offer what has become free to those who wait for it."""
    await lock_doctors(conn, doctor_ids)
    before = await free_times(conn, doctor_ids)
    made: int = await conn.fetchval(PLAN, doctor_ids, days_ahead, anew)
    for doctor_id, slot_ids in (await free_times(conn, doctor_ids)).items():
        await offer(conn, doctor_id, [slot for slot in slot_ids if slot not in before.get(doctor_id, ())])
    return made
