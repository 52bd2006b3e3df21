"""Say what became of a claimed notification, in the queue and in the log, if its lease is still ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from niyat.kernel.db import Connection
from niyat.notifications.commands.claim import Claimed
from niyat.notifications.domain import NotificationChannel, NotificationStatus

SETTLE = """
WITH settled AS (
    UPDATE scheduled_notifications SET
        status = $3, lease = NULL, lease_until = NULL, last_error = $4,
        sealed = CASE WHEN $3 = 'queued' THEN sealed END,
        next_at = CASE WHEN $3 = 'queued' THEN niyat_now() + $5::interval ELSE next_at END,
        unknown_since = CASE WHEN $6 THEN COALESCE(unknown_since, claimed_at) ELSE unknown_since END,
        finished_at = CASE WHEN $3 <> 'queued' THEN niyat_now() END
    WHERE id = $1 AND status = 'sending' AND lease = $2
    RETURNING *)
INSERT INTO notification_logs (notification_id, status, channel, address_masked, provider, provider_message_id,
                               message_id, template_version, tries, error_code, correlation_id)
SELECT id, status, $7, $8, $9, $10, message_id, $11, tries, last_error, correlation_id FROM settled
"""

# Nothing was tried, so nothing is logged and the try is given back.
WITHHOLD = """
UPDATE scheduled_notifications SET
    status = 'queued', lease = NULL, lease_until = NULL, last_error = $3, tries = tries - 1,
    withheld = withheld + 1, next_at = niyat_now() + $4::interval
WHERE id = $1 AND status = 'sending' AND lease = $2
"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one attempt. `queued` is tried again after `wait`; `unknown`: it may have arrived."""

    status: NotificationStatus
    channel: NotificationChannel
    error_code: str | None = None
    wait: timedelta = timedelta()
    unknown: bool = False
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
    )
    return stored.endswith(" 1")


async def withhold(conn: Connection, claimed: Claimed, *, because: str, wait: timedelta) -> None:
    """Put it back untried: nobody could say whether it is still so."""
    await conn.execute(WITHHOLD, claimed.id, claimed.lease, because, wait)
