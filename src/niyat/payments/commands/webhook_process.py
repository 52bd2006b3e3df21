"""Works off the stored webhooks: facts into record_attempt and record_refund, each event in its own transaction.

Leases make two workers safe; an event that fails is tried again with backoff and at last set aside as dead, for
staff to replay. Events that we do nothing about are done at once.
"""

from __future__ import annotations

import json
from datetime import timedelta

import asyncpg

from niyat.kernel.db import Connection, Row
from niyat.kernel.errors import NiyatError
from niyat.kernel.log import get_logger
from niyat.payments.commands.record_attempt import record_attempt
from niyat.payments.commands.record_refund import record_refund
from niyat.payments.parts import Parts
from niyat.payments.ports import WebhookFacts

log = get_logger(__name__)

CLAIM = """
UPDATE webhook_events SET next_at = niyat_now() + $1, tries = tries + 1 WHERE id IN (
    SELECT id FROM webhook_events WHERE status = 'new' AND next_at <= niyat_now() ORDER BY id LIMIT $2
    FOR UPDATE SKIP LOCKED)
RETURNING *
"""
DONE = """
UPDATE webhook_events SET status = 'done', finished_at = niyat_now(), last_error = $2 WHERE id = $1 AND status = 'new'
"""
AGAIN = """
UPDATE webhook_events SET next_at = niyat_now() + interval '1 second' * 2 ^ least(tries, 10), last_error = $2
WHERE id = $1 AND status = 'new'
"""
DEAD = """
UPDATE webhook_events SET status = 'dead', finished_at = niyat_now(), last_error = $2 WHERE id = $1 AND status = 'new'
"""
REPLAY = """
UPDATE webhook_events SET status = 'new', finished_at = NULL, tries = 0, next_at = niyat_now()
WHERE id = $1 AND status = 'dead' RETURNING id
"""
PRUNE = "DELETE FROM webhook_events WHERE status = 'done' AND finished_at < niyat_now() - $1::interval"

MAX_TRIES = 8
OF_NO_ORDER = "of no order of ours"
FAILURES = (
    NiyatError,
    asyncpg.PostgresError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
)


class NotYetKnown(Exception):
    """The event is about an order or a capture that we have not stored yet."""


async def process_webhooks(parts: Parts, limit: int = 50) -> int:
    """Work off the events that are due; how many were."""
    due = await parts.db.fetch(CLAIM, timedelta(seconds=parts.settings.lease_seconds), limit)
    for event in sorted(due, key=lambda row: row["id"]):
        await _process(parts, event)
    return len(due)


async def replay_webhook(conn: Connection, webhook_id: int) -> bool:
    """Put a dead event back; False when it is not dead. Guarded transitions decide what it may still do."""
    return await conn.fetchval(REPLAY, webhook_id) is not None


async def prune_webhooks(conn: Connection, older_than: timedelta) -> None:
    """Forget what was done long ago; the gateway can send an event again within 15 days."""
    await conn.execute(PRUNE, older_than)


async def _process(parts: Parts, event: Row) -> None:
    async def effect(conn: Connection) -> None:
        await apply(conn, parts.gateway.read_webhook(json.loads(event["body"])))
        await conn.execute(DONE, event["id"], None)

    try:
        await parts.db.run(effect)
    except NotYetKnown:
        # The gateway can be faster than our own storing of its order; others use the same account, too.
        await parts.db.execute(AGAIN if event["tries"] < MAX_TRIES else DONE, event["id"], OF_NO_ORDER)
        return
    except FAILURES as error:
        last = event["tries"] >= MAX_TRIES
        why = f"{type(error).__name__}: {error}"[:500]
        log.error(
            "a webhook failed", webhook_id=event["id"], type=event["type"], tries=event["tries"], dead=last
        )
        await parts.db.execute(DEAD if last else AGAIN, event["id"], why)
        return


async def apply(conn: Connection, facts: WebhookFacts) -> None:
    """The effect of one event's facts: rows only, which the jobs drive on. Raises NotYetKnown."""
    recorded = None
    if facts.attempt is not None:
        recorded = await record_attempt(conn, facts.attempt, source="webhook")
        if recorded is None:
            raise NotYetKnown
    if facts.refund is not None:
        known = await record_refund(conn, facts.refund, source="webhook")
        if known is None and recorded is None:
            raise NotYetKnown
