"""Tell a doctor or the administrators. Events do not say whose accounts these are, so a job asks.

Spans transactions: what is to be told is stored with the event; the job asks with none open, then queues a message to
each and marks it queued in one. The meaning of each message makes a second run harmless.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import UUID

from niyat.kernel import correlation
from niyat.kernel.correlation import correlation_id
from niyat.kernel.db import Connection, Row
from niyat.kernel.errors import ServiceUnavailable
from niyat.kernel.ids import new_id
from niyat.kernel.log import get_logger
from niyat.notifications.commands.plan import plan
from niyat.notifications.domain import Intent, NotificationType
from niyat.notifications.errors import DoctorNotFound
from niyat.notifications.parts import Parts

log = get_logger(__name__)

AT_ONCE = 5
"""Of those who are asked whose accounts these are."""

STORE = """
INSERT INTO staff_messages (message_id, type, doctor_id, dedupe_key, payload, correlation_id)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (dedupe_key) DO NOTHING
"""
# Alerts first: they must not wait behind doctors of whom nobody can say whose accounts they are.
WAITING = """
SELECT * FROM staff_messages WHERE queued_at IS NULL ORDER BY doctor_id IS NOT NULL, created_at LIMIT 100
"""
QUEUED = "UPDATE staff_messages SET queued_at = niyat_now() WHERE message_id = $1"


async def alert_administrators(
    conn: Connection, alert: str, dedupe_key: str, payload: Mapping[str, object]
) -> None:
    """They must act on `alert`, once per `dedupe_key`. The payload holds ids and amounts alone."""
    kind = NotificationType.ADMIN_ALERT
    facts = {**payload, "alert": alert}
    await conn.execute(STORE, new_id(), kind, None, dedupe_key, facts, correlation_id.get(""))


async def tell_doctor_of_payout(
    conn: Connection, doctor_id: UUID, payout_id: UUID, payload: Mapping[str, object]
) -> None:
    """Money was sent to the doctor, once per payout."""
    kind, key = NotificationType.PAYOUT_SENT, f"payout-sent:{payout_id}"
    await conn.execute(STORE, new_id(), kind, doctor_id, key, dict(payload), correlation_id.get(""))


async def queue_staff_messages(parts: Parts) -> int:
    """Queue what waits, as far as somebody can say whose accounts these are; how many were queued.

    Whatever keeps one waiting concerns no other.
    """
    turn = asyncio.Semaphore(AT_ONCE)
    return sum(await asyncio.gather(*(_told(parts, row, turn) for row in await parts.db.fetch(WAITING))))


async def _told(parts: Parts, row: Row, turn: asyncio.Semaphore) -> bool:
    async with turn:
        with correlation.bound(row["correlation_id"]):
            try:
                await parts.db.run(_queue, row, await _accounts_of(parts, row["doctor_id"]))
            except ServiceUnavailable:
                log.warning("staff cannot be told yet: a service that must be asked does not answer")
            except Exception:
                log.exception("staff cannot be told of one thing", message_id=str(row["message_id"]))
            else:
                return True
    return False


async def _accounts_of(parts: Parts, doctor_id: UUID | None) -> list[UUID]:
    """Nobody, where there is no such doctor any more. Raises ServiceUnavailable."""
    if doctor_id is None:
        return await parts.accounts.administrators()
    try:
        return [await parts.appointments.account_of(doctor_id)]
    except DoctorNotFound:
        return []


async def _queue(conn: Connection, row: Row, accounts: list[UUID]) -> None:
    intents = [
        Intent(
            type=NotificationType(row["type"]),
            account_id=account_id,
            meaning=f"{row['dedupe_key']}:{account_id}",
            payload=row["payload"],
        )
        for account_id in accounts
    ]
    await plan(conn, intents)
    await conn.execute(QUEUED, row["message_id"])
    if not accounts:
        log.warning("nobody is there to be told", type=row["type"], message_id=str(row["message_id"]))
