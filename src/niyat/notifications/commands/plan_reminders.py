"""A person's reminders of the visits that stand: planned when one is confirmed or moved, and when they want others.

Planning only ever adds. A reminder that is not wanted any more stays queued and is not sent: `refused` is asked right
before it would leave, so that whoever changes their mind twice still gets it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from niyat.events.catalogue import AppointmentConfirmed, AppointmentRescheduled
from niyat.kernel.db import Connection, rows_affected
from niyat.notifications.commands.plan import plan
from niyat.notifications.preference_queries import preferences_of
from niyat.notifications.preferences import Preferences, offsets_for
from niyat.notifications.reminders import reminders

# Whoever plans and whoever changes what is wanted go one after the other, so that neither misses the other's rows.
LOCK = "SELECT pg_advisory_xact_lock(12, hashtext($1::uuid::text))"  # 12: our lock space for a person's reminders

REMEMBER = """
INSERT INTO upcoming_visits (appointment_id, account_id, revision, starts_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (appointment_id) DO UPDATE SET
    account_id = excluded.account_id, revision = excluded.revision, starts_at = excluded.starts_at,
    planned_at = excluded.planned_at
WHERE upcoming_visits.revision <= excluded.revision
"""
FORGET = "DELETE FROM upcoming_visits WHERE appointment_id = $1"
FORGET_PAST = """
DELETE FROM upcoming_visits WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM upcoming_visits WHERE starts_at < niyat_now() LIMIT 10000))
"""
UPCOMING = """
SELECT appointment_id, account_id, revision, starts_at FROM upcoming_visits
WHERE account_id = $1 AND starts_at > niyat_now() ORDER BY starts_at, appointment_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One that stands, as of its `revision`."""

    appointment_id: UUID
    account_id: UUID
    revision: int
    starts_at: datetime


async def lock_reminders(conn: Connection, account_id: UUID) -> None:
    """Nobody else plans this person's reminders, or changes what they want, until the transaction ends."""
    await conn.execute(LOCK, account_id)


async def plan_reminders(conn: Connection, event: AppointmentConfirmed | AppointmentRescheduled) -> None:
    """Remember the visit and plan the reminders of it that its patient wants and whose time has not passed."""
    visit = Visit(
        appointment_id=event.appointment_id,
        account_id=event.patient_id,
        revision=event.revision,
        starts_at=event.starts_at,
    )
    await lock_reminders(conn, visit.account_id)
    await conn.execute(REMEMBER, visit.appointment_id, visit.account_id, visit.revision, visit.starts_at)
    await _plan(conn, visit, await preferences_of(conn, visit.account_id))


async def replan_reminders(conn: Connection, account_id: UUID) -> None:
    """Plan what this person wants by now, of every visit of theirs. The caller holds `lock_reminders`."""
    preferences = await preferences_of(conn, account_id)
    for row in await conn.fetch(UPCOMING, account_id):
        await _plan(conn, Visit(**dict(row)), preferences)


async def forget_visit(conn: Connection, appointment_id: UUID) -> None:
    """It will not take place."""
    await conn.execute(FORGET, appointment_id)


async def forget_past_visits(conn: Connection) -> int:
    """Up to ten thousand that have begun; how many."""
    return rows_affected(await conn.execute(FORGET_PAST))


async def _plan(conn: Connection, visit: Visit, preferences: Preferences) -> None:
    wanted = reminders(
        visit.account_id,
        visit.appointment_id,
        visit.revision,
        visit.starts_at,
        offsets=offsets_for(preferences),
    )
    await plan(conn, wanted)
