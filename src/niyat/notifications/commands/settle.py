"""Say what became of a claimed notification, in the queue and in the log, if its lease is still ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from niyat.kernel.backoff import delay
from niyat.kernel.db import Connection, rows_affected
from niyat.notifications.commands.claim import Claimed
from niyat.notifications.domain import NotificationChannel, NotificationStatus

# Another channel begins anew: its tries, and that nothing may have arrived by it yet.
SETTLE = """
WITH settled AS (
    UPDATE scheduled_notifications SET
        status = $3, lease = NULL, lease_until = NULL, last_error = $4,
        sealed = CASE WHEN $3 = 'queued' THEN sealed END,
        next_at = CASE WHEN $3 = 'queued' THEN niyat_now() + $5::interval ELSE next_at END,
        unknown_since = CASE WHEN $13::text IS NOT NULL THEN NULL
                             WHEN $6 THEN COALESCE(unknown_since, claimed_at) ELSE unknown_since END,
        channel = COALESCE($13, channel),
        tried_channels = CASE WHEN $13 IS NULL THEN tried_channels ELSE tried_channels || channel END,
        tries = CASE WHEN $13 IS NULL THEN tries ELSE 0 END,
        finished_at = CASE WHEN $3 <> 'queued' THEN niyat_now() END
    WHERE id = $1 AND status = 'sending' AND lease = $2
    RETURNING *)
INSERT INTO notification_logs (notification_id, status, channel, address_masked, provider, provider_message_id,
                               message_id, template_version, tries, error_code, correlation_id)
SELECT id, status, $7, $8, $9, $10, message_id, $11, $12, last_error, correlation_id FROM settled
"""

# Nothing was tried, so nothing is logged and the try is given back.
WITHHOLD = """
UPDATE scheduled_notifications n SET
    status = 'queued', lease = NULL, lease_until = NULL, last_error = $2, tries = tries - 1,
    withheld = withheld + 1, next_at = niyat_now() + w.wait
FROM unnest($1::uuid[], $3::uuid[], $4::interval[]) AS w (id, lease, wait)
WHERE n.id = w.id AND n.status = 'sending' AND n.lease = w.lease
"""
REROUTE = """
UPDATE scheduled_notifications SET
    status = 'queued', lease = NULL, lease_until = NULL, last_error = $3, tries = 0, next_at = niyat_now(),
    unknown_since = NULL, channel = $4, tried_channels = tried_channels || channel
WHERE id = $1 AND status = 'sending' AND lease = $2
"""

# Nothing was tried here either. What is too late by then is given up, never sent in a heap.
KEEP = """
UPDATE scheduled_notifications SET
    status = 'queued', lease = NULL, lease_until = NULL, last_error = 'quiet-hours', tries = tries - 1, next_at = $3
WHERE id = $1 AND status = 'sending' AND lease = $2
"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one attempt. `queued` is tried again after `wait`; `unknown`: it may have arrived.

    `next_channel`: from now on it is tried on that one.
    """

    status: NotificationStatus
    channel: NotificationChannel
    tries: int
    error_code: str | None = None
    wait: timedelta = timedelta()
    unknown: bool = False
    next_channel: NotificationChannel | None = None
    address_masked: str | None = None
    provider: str | None = None
    provider_message_id: str | None = None
    template_version: int | None = None


async def settle(conn: Connection, claimed: Claimed, outcome: Outcome) -> bool:
    """Store the outcome; False when the lease was lost to another worker, whose word counts instead."""
    stored = await conn.execute(
        SETTLE,
        claimed.id,
        claimed.lease,
        outcome.status,
        outcome.error_code,
        outcome.wait,
        outcome.unknown,
        outcome.channel,
        outcome.address_masked,
        outcome.provider,
        outcome.provider_message_id,
        outcome.template_version,
        outcome.tries,
        outcome.next_channel,
    )
    return rows_affected(stored) == 1


async def withhold(conn: Connection, claimed: Sequence[Claimed], *, because: str) -> None:
    """Put them back untried, each with a longer wait than the last time, up to a minute."""
    waits = [delay(each.withheld + 1, base_seconds=1, longest_seconds=60) for each in claimed]
    ids, leases = [each.id for each in claimed], [each.lease for each in claimed]
    await conn.execute(WITHHOLD, ids, because, leases, waits)


async def reroute(conn: Connection, claimed: Claimed, channel: NotificationChannel, *, because: str) -> None:
    """To another channel at once, untried: there was nowhere to send it on this one."""
    await conn.execute(REROUTE, claimed.id, claimed.lease, because, channel)


async def keep_until(conn: Connection, claimed: Claimed, until: datetime) -> None:
    """Put it back untried until then: they want to be left alone."""
    await conn.execute(KEEP, claimed.id, claimed.lease, until)
