"""Works a webhook off once more, because somebody says so: a dead one whose cause is gone, or one that came too early.

Facts only move forward, so what it may still do is decided by what is known by now.
"""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.db import Connection
from niyat.payments.audit_log import remember
from niyat.payments.errors import WebhookNotFound, WebhookWaiting

STATUS = "SELECT status FROM webhook_events WHERE webhook_id = $1 FOR UPDATE"
REPLAY = """
UPDATE webhook_events SET status = 'new', finished_at = NULL, outcome = NULL, tries = 0, next_at = niyat_now(),
    replayed_at = niyat_now() WHERE webhook_id = $1
"""


async def replay_webhook(conn: Connection, webhook_id: UUID, *, actor_id: UUID, reason: str) -> None:
    """Put a webhook that is done or dead back. Raises WebhookNotFound, WebhookWaiting (it is worked off anyway)."""
    status = await conn.fetchval(STATUS, webhook_id)
    if status is None:
        raise WebhookNotFound
    if status == "new":
        raise WebhookWaiting
    await conn.execute(REPLAY, webhook_id)
    await remember(conn, actor_id, "replay-webhook", webhook_id, reason)
