"""Makes a doctor's slots from weekly hours, overrides and blocks, in the doctor's own time zone.

A slot starts and ends at the local times that the hours say. One that a clock change would cut, or whose local
time does not exist that day, is left out; a local time that comes twice counts the second time. What is held or
booked is never touched: it is only marked to be no slot any more once it is given back.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from niyat.appointments.domain import Actor
from niyat.appointments.errors import DoctorNotFound
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
    SELECT *, (niyat_now() AT TIME ZONE time_zone)::date AS today,
        make_interval(mins => slot_minutes) AS length,
        make_interval(mins => buffer_before_minutes + slot_minutes + buffer_after_minutes) AS step
    FROM doctors WHERE id = ANY ($1)
),
days AS (
    SELECT d.*, day::date AS day
    FROM d, generate_series(
        CASE WHEN $3 THEN d.today ELSE greatest(d.today, d.planned_until + 1) END,
        d.today + $2::int, interval '1 day') AS day
    WHERE d.active
),
hours AS (
    SELECT days.*, w.start_time, w.end_time
    FROM days JOIN weekly_availability w ON w.doctor_id = days.id AND w.weekday = extract(isodow FROM days.day)
    WHERE NOT EXISTS (SELECT FROM availability_overrides o WHERE o.doctor_id = days.id AND o.day = days.day)
    UNION ALL
    SELECT days.*, o.start_time, o.end_time
    FROM days JOIN availability_overrides o ON o.doctor_id = days.id AND o.day = days.day
    WHERE o.start_time IS NOT NULL
),
walls AS (
    SELECT id, doctor_key, time_zone, length, wall, wall AT TIME ZONE time_zone AS starts_at
    FROM hours, generate_series(day + start_time, day + end_time - length, step) AS wall
),
plan AS MATERIALIZED (
    SELECT id AS doctor_id, doctor_key, starts_at, starts_at + length AS ends_at,
        CASE WHEN EXISTS (
            SELECT FROM blocked_slots b
            WHERE b.doctor_id = walls.id AND b.starts_at < walls.starts_at + length AND b.ends_at > walls.starts_at)
        THEN 'blocked' ELSE 'available' END AS planned_as
    FROM walls
    WHERE starts_at > niyat_now()
      AND starts_at AT TIME ZONE time_zone = wall
      AND (starts_at + length) AT TIME ZONE time_zone = wall + length
),
made AS (
    INSERT INTO available_slots AS v (doctor_id, doctor_key, starts_at, ends_at, status, planned_as)
    SELECT doctor_id, doctor_key, starts_at, ends_at, planned_as, planned_as FROM plan
    ON CONFLICT ON CONSTRAINT available_slots_once DO UPDATE SET
        planned_as = excluded.planned_as,
        status = CASE WHEN v.status IN ('held', 'booked') THEN v.status ELSE excluded.planned_as END
    WHERE v.planned_as <> excluded.planned_as
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
    await lock_doctors(conn, doctor_ids)
    made: int = await conn.fetchval(PLAN, doctor_ids, days_ahead, False)
    return made


async def replan(conn: Connection, doctor_id: UUID, *, days_ahead: int) -> int:
    """Bring the doctor's free future slots in line with the schedule; how many were made or changed."""
    await lock_doctors(conn, [doctor_id])
    changed: int = await conn.fetchval(PLAN, [doctor_id], days_ahead, True)
    return changed
