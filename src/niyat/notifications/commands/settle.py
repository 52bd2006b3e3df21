"""Say what became of a claimed notification, in the queue and in the log, if its lease is still ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from niyat.kernel.backoff import delay
from niyat.kernel.db import Connection, rows_affected
from niyat.kernel.ids import new_id
from niyat.notifications.commands.claim import Claimed
from niyat.notifications.commands.fallback import ToldElsewhere, Ways, another, meaning_of
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

# To another channel at once, untried: there was nowhere to send it on this one.
REROUTE = """
UPDATE scheduled_notifications SET
    status = 'queued', lease = NULL, lease_until = NULL, last_error = $3, tries = 0, next_at = niyat_now(),
    unknown_since = NULL, channel = $4, tried_channels = tried_channels || channel
WHERE id = $1 AND status = 'sending' AND lease = $2
"""

# As if it had been planned there, too.
TELL_BESIDE = """
INSERT INTO scheduled_notifications
    (id, type, channel, account_id, appointment_id, revision, dedupe_key, payload, due_at, next_at, too_late_at,
     correlation_id)
SELECT $3, type, $4, account_id, appointment_id, revision, $5, payload, niyat_now(), niyat_now(), too_late_at,
       correlation_id
FROM scheduled_notifications WHERE id = $1 AND status = 'sending' AND lease = $2
ON CONFLICT DO NOTHING
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

    With `ways` this is so only where no other channel takes over; `nowhere`: there was no address to try, `beside`: it
    is told on the other one as well and goes on here. `next_channel`: from now on it is tried on that one.
    """

    status: NotificationStatus
    channel: NotificationChannel
    tries: int
    error_code: str | None = None
    wait: timedelta = timedelta()
    unknown: bool = False
    ways: Ways | None = None
    nowhere: bool = False
    beside: bool = False
    next_channel: NotificationChannel | None = None
    address_masked: str | None = None
    provider: str | None = None
    provider_message_id: str | None = None
    template_version: int | None = None


async def settle(conn: Connection, claimed: Claimed, outcome: Outcome) -> Outcome | None:
    """Store what became of it, which is returned; None when the lease was lost to a worker whose word counts instead.

    Raises UniqueViolationError when the same was planned at this moment on the channel that was to take over.
    """
    if outcome.ways is not None:
        outcome = await _with_another(conn, claimed, outcome, outcome.ways)
    if outcome.nowhere and outcome.next_channel is not None:
        stored = await conn.execute(
            REROUTE, claimed.id, claimed.lease, outcome.error_code, outcome.next_channel
        )
        return outcome if rows_affected(stored) == 1 else None
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
    return outcome if rows_affected(stored) == 1 else None


async def _with_another(conn: Connection, claimed: Claimed, outcome: Outcome, ways: Ways) -> Outcome:
    """The outcome, if another channel can take over."""
    over = outcome.status is NotificationStatus.FAILED
    try:
        channel = await another(conn, claimed, ways, last_resort=over)
    except ToldElsewhere:
        if not outcome.nowhere:
            return outcome
        return replace(outcome, status=NotificationStatus.SUPPRESSED, error_code="told-elsewhere")
    if channel is None:
        return outcome
    if outcome.beside:
        key = f"{meaning_of(claimed)}:{channel}"
        await conn.execute(TELL_BESIDE, claimed.id, claimed.lease, new_id(), channel, key)
        return outcome
    return replace(outcome, status=NotificationStatus.QUEUED, wait=timedelta(), next_channel=channel)


async def withhold(conn: Connection, claimed: Sequence[Claimed], *, because: str) -> None:
    """Put them back untried, each with a longer wait than the last time, up to a minute."""
    waits = [delay(each.withheld + 1, base_seconds=1, longest_seconds=60) for each in claimed]
    ids, leases = [each.id for each in claimed], [each.lease for each in claimed]
    await conn.execute(WITHHOLD, ids, because, leases, waits)


async def keep_until(conn: Connection, claimed: Claimed, until: datetime) -> None:
    """Put it back untried until then: they want to be left alone."""
    await conn.execute(KEEP, claimed.id, claimed.lease, until)
