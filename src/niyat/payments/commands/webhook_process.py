"""Works off the stored webhooks: each event's facts are recorded, in a transaction of its own.

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
from niyat.payments.commands.record_dispute import record_dispute
from niyat.payments.commands.record_downtime import record_downtime
from niyat.payments.commands.record_payout import record_payout
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
UPDATE webhook_events SET status = 'done', finished_at = niyat_now(), last_error = $2, outcome = $3,
    gateway_payment_id = $4 WHERE id = $1 AND status = 'new'
"""
AGAIN = """
UPDATE webhook_events SET next_at = niyat_now() + interval '1 second' * 2 ^ least(tries, 10), last_error = $2
WHERE id = $1 AND status = 'new'
"""
DEAD = """
UPDATE webhook_events SET status = 'dead', finished_at = niyat_now(), last_error = $2 WHERE id = $1 AND status = 'new'
"""
PRUNE = "DELETE FROM webhook_events WHERE status = 'done' AND finished_at < niyat_now() - $1::interval"

MAX_TRIES = 8
BATCH = 50
BATCHES = 20
"""In one turn of the job: a backlog is worked off at once, and whoever pauses jobs waits for moments, not minutes."""
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


async def process_webhooks(parts: Parts) -> int:
    """Work off the events that are due, in the order in which they came; how many were."""
    worked_off = 0
    for _ in range(BATCHES):
        due = await parts.db.fetch(CLAIM, timedelta(seconds=parts.settings.lease_seconds), BATCH)
        for event in sorted(due, key=lambda row: row["id"]):
            await _process(parts, event)
        worked_off += len(due)
        if len(due) < BATCH:
            break
    return worked_off


async def prune_webhooks(conn: Connection, older_than: timedelta) -> None:
    """Forget what was done long ago; the gateway can send an event again within 15 days."""
    await conn.execute(PRUNE, older_than)


async def _process(parts: Parts, event: Row) -> None:
    facts = WebhookFacts()

    async def effect(conn: Connection) -> None:
        nonlocal facts
        facts = parts.gateway.read_webhook(json.loads(event["body"]))
        await apply(conn, facts)
        outcome = "not-acted-on" if facts == WebhookFacts() else "recorded"
        await conn.execute(DONE, event["id"], None, outcome, attempt_of(facts))

    try:
        await parts.db.run(effect)
    except NotYetKnown:
        # The gateway can be faster than our own storing of its order; others use the same account, too.
        if event["tries"] < MAX_TRIES:
            await parts.db.execute(AGAIN, event["id"], OF_NO_ORDER)
        else:
            await parts.db.execute(DONE, event["id"], OF_NO_ORDER, "not-ours", attempt_of(facts))
    except FAILURES as error:
        last = event["tries"] >= MAX_TRIES
        why = f"{type(error).__name__}: {error}"[:500]
        log.error(
            "a webhook failed", webhook_id=event["id"], type=event["type"], tries=event["tries"], dead=last
        )
        await parts.db.execute(DEAD if last else AGAIN, event["id"], why)


def attempt_of(facts: WebhookFacts) -> str | None:
    """The attempt that the facts are about; those that are about none name none."""
    about = facts.attempt or facts.refund
    return about.gateway_payment_id if about else None


async def apply(conn: Connection, facts: WebhookFacts) -> None:
    """The effect of one event's facts: rows only, which the jobs drive on. Raises NotYetKnown."""
    if facts.payout is not None and await record_payout(conn, facts.payout, source="webhook") is None:
        raise NotYetKnown
    recorded = None
    if facts.attempt is not None:
        recorded = await record_attempt(conn, facts.attempt, source="webhook")
        if recorded is None:
            raise NotYetKnown
    if facts.dispute is not None and await record_dispute(conn, facts.dispute, source="webhook") is None:
        raise NotYetKnown
    if facts.downtime is not None:
        await record_downtime(conn, facts.downtime, source="webhook")
    if facts.refund is not None:
        known = await record_refund(conn, facts.refund, source="webhook")
        if known is None and recorded is None:
            raise NotYetKnown
