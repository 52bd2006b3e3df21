"""Is it still so, and whom to reach? Asked about a whole batch, right before it is sent; appointments comes last.

Nothing here is kept: the answers serve the batch that is about to leave, and only while they are fresh.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from niyat.kernel.db import Database
from niyat.kernel.errors import ServiceUnavailable
from niyat.kernel.log import get_logger
from niyat.notifications.commands.claim import Claimed
from niyat.notifications.commands.push import devices_of
from niyat.notifications.commands.suppress import suppressed_among
from niyat.notifications.commands.unheard import unheard_moves
from niyat.notifications.domain import (
    ABOUT_ONE_TIME,
    ONLY_WHILE,
    SUPERSEDED_BY,
    NotificationChannel,
    NotificationType,
)
from niyat.notifications.errors import DoctorNotFound
from niyat.notifications.parts import Parts
from niyat.notifications.ports import Account, AppointmentView, DoctorDay, Found
from niyat.notifications.preference_queries import preferences_of_all
from niyat.notifications.preferences import Preferences

log = get_logger(__name__)

FRESH_SECONDS = 5.0
DAYS_AT_ONCE = 10

# Held against what is planned, not withdrawn by the newer one: so it also reaches what is being sent, waits to be
# sent again, or failed and is replayed by staff.
SUPERSEDED = """
SELECT DISTINCT n.id FROM scheduled_notifications n
JOIN unnest($2::text[], $3::text[]) AS s (older, newer) ON s.older = n.type
JOIN scheduled_notifications m ON m.appointment_id = n.appointment_id AND m.type = s.newer
 AND (n.payload ->> 'refund_id' IS NULL OR m.payload ->> 'refund_id' = n.payload ->> 'refund_id')
WHERE n.id = ANY ($1)
"""
PAIRS = [(older, newer) for older, those in SUPERSEDED_BY.items() for newer in sorted(those)]

# A promise that was claimed earlier may have been checked before the change, and may still arrive. What is claimed
# later is checked after it.
BEHIND = """
SELECT n.id FROM scheduled_notifications n
WHERE n.id = ANY ($1) AND n.type = ANY ($2) AND EXISTS (
    SELECT FROM scheduled_notifications p
    WHERE p.appointment_id = n.appointment_id AND p.account_id = n.account_id AND p.type = ANY ($3)
      AND p.status = 'sending' AND p.lease_until > niyat_now() AND (p.claimed_at, p.id) < (n.claimed_at, n.id)
      AND CASE n.type
          WHEN 'APPOINTMENT_RESCHEDULED' THEN p.revision IS DISTINCT FROM n.revision
          WHEN 'SCHEDULE_CHANGED' THEN (p.revision, p.payload) IS DISTINCT FROM (n.revision, n.payload)
          ELSE true END)
"""
CHANGES = frozenset(ONLY_WHILE) | {
    NotificationType.APPOINTMENT_RESCHEDULED,
    NotificationType.SCHEDULE_CHANGED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """What is on each doctor's list, by the notification that is to tell it; there is none of who is no doctor.

    `unanswered`: nobody could say; `unreadable`: said in a way that we cannot read. That concerns no other list.
    """

    at: float
    known: Mapping[UUID, DoctorDay]
    unanswered: frozenset[UUID]
    unreadable: frozenset[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was said of a batch, at `time.monotonic()` or a moment later."""

    at: float
    accounts: Found[Account]
    appointments: Found[AppointmentView]
    superseded: frozenset[UUID]
    behind: frozenset[UUID]
    """What must not overtake a message about the same visit that is still under way."""
    unheard: Mapping[UUID, Mapping[str, Any]]
    """The payloads that say more than was planned, because a move before was not heard of."""
    suppressed: frozenset[tuple[UUID, NotificationChannel]]
    """Accounts and the channels on which their address takes nothing any more."""
    devices: Mapping[UUID, Sequence[str]]
    preferences: Mapping[UUID, Preferences]
    now: datetime
    days: Days

    def fresh(self, claimed: Claimed) -> bool:
        """Whether what was said of this one is recent enough to send it."""
        listed = claimed.type is NotificationType.DOCTOR_DAILY_LIST
        return time.monotonic() - (self.days.at if listed else self.at) <= FRESH_SECONDS


async def ask(parts: Parts, claimed: Sequence[Claimed]) -> Asked:
    """Ask about all of them at once. Raises ServiceUnavailable when nobody can say.

    Each doctor's list is asked for by itself, and kept in `days` whether somebody could say.
    """
    people = {each.account_id for each in claimed if each.account_id is not None}
    visits = {each.appointment_id for each in claimed if each.appointment_id is not None}
    accounts: Found[Account] = await parts.accounts.find_many(people) if people else Found()
    suppressed = await _suppressed(parts, accounts.known.values())
    devices = await devices_of(parts.db, people) if parts.push is not None and people else {}
    async with parts.db.pool.acquire() as conn:
        preferences = await preferences_of_all(conn, people) if people else {}
        now = await conn.fetchval("SELECT niyat_now()")
    behind = await _of(parts.db, BEHIND, claimed, CHANGES, list(CHANGES), list(ABOUT_ONE_TIME))
    unheard = await unheard_moves(parts.db, claimed)  # now that nothing before them is still under way
    days = await _days(parts, claimed)
    at = time.monotonic()
    appointments: Found[AppointmentView] = await parts.appointments.find_many(visits) if visits else Found()
    older, newer = zip(*PAIRS, strict=True)
    superseded = await _of(parts.db, SUPERSEDED, claimed, frozenset(older), list(older), list(newer))
    return Asked(
        at=at,
        accounts=accounts,
        appointments=appointments,
        superseded=superseded,
        behind=behind,
        unheard=unheard,
        suppressed=suppressed,
        devices=devices,
        preferences=preferences,
        now=now,
        days=days,
    )


async def _suppressed(
    parts: Parts, accounts: Iterable[Account]
) -> frozenset[tuple[UUID, NotificationChannel]]:
    kept = {
        (account.account_id, channel): parts.addresses.keep(channel, address)
        for account in accounts
        for channel, address in (
            (NotificationChannel.EMAIL, account.email),
            (NotificationChannel.SMS, account.phone),
        )
        if address
    }
    gone = await suppressed_among(parts.db, set(kept.values()))
    return frozenset(whose for whose, address in kept.items() if address in gone)


async def _days(parts: Parts, claimed: Sequence[Claimed]) -> Days:
    known: dict[UUID, DoctorDay] = {}
    unanswered, unreadable = set(), set()
    turn = asyncio.Semaphore(DAYS_AT_ONCE)

    async def one(each: Claimed) -> None:
        async with turn:
            try:
                hours = [datetime.fromisoformat(each.payload[name]) for name in ("starts_at", "ends_at")]
                known[each.id] = await parts.appointments.day_of(UUID(each.payload["doctor_id"]), *hours)
            except DoctorNotFound:
                pass
            except ServiceUnavailable:
                unanswered.add(each.id)
            except (KeyError, TypeError, ValueError) as wrong:  # its text may hold what was said
                log.warning("a doctor's list cannot be read", id=str(each.id), error=type(wrong).__name__)
                unreadable.add(each.id)

    at = time.monotonic()
    await asyncio.gather(*(one(each) for each in claimed if each.type is NotificationType.DOCTOR_DAILY_LIST))
    return Days(at=at, known=known, unanswered=frozenset(unanswered), unreadable=frozenset(unreadable))


async def _of(
    db: Database, sql: str, claimed: Sequence[Claimed], kinds: frozenset[NotificationType], *args: object
) -> frozenset[UUID]:
    """Which of those claimed, of these kinds, `sql` returns."""
    ids = [each.id for each in claimed if each.type in kinds]
    return frozenset(row["id"] for row in await db.fetch(sql, ids, *args)) if ids else frozenset()
