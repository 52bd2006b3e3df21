"""Asks the gateway about disputes: each undecided one now and then, and its list, because webhooks may be lost."""

from __future__ import annotations

from datetime import timedelta

from niyat.kernel.backoff import delay
from niyat.payments.commands.gateway_list import claim_list
from niyat.payments.commands.record_dispute import record_dispute
from niyat.payments.parts import Parts
from niyat.payments.ports import Refused, Unknown

CLAIM = """
UPDATE disputes SET next_at = niyat_now() + $1, tries = tries + 1 WHERE dispute_id IN (
    SELECT dispute_id FROM disputes WHERE status IN ('open', 'under-review') AND next_at <= niyat_now()
    ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING *
"""
LATER = "UPDATE disputes SET next_at = niyat_now() + $2::interval WHERE dispute_id = $1"
LIST_EVERY = timedelta(hours=1)


async def ask_disputes(parts: Parts) -> int:
    """Ask about every dispute that is due; how many were."""
    lease = timedelta(seconds=parts.settings.lease_seconds)
    due = await parts.db.fetch(CLAIM, lease, parts.gateway.breaker.at_once(20))
    for dispute in due:
        answer = await parts.records.dispute(dispute["gateway_dispute_id"])
        if isinstance(answer, (Refused, Unknown)):
            wait = delay(dispute["tries"], base_seconds=15, longest_seconds=3600)
            await parts.db.execute(LATER, dispute["dispute_id"], wait)
            continue
        await parts.db.run(record_dispute, answer, source="gateway")
    return len(due)


async def list_disputes(parts: Parts) -> None:
    """Read the gateway's list, when it is time, and record what it says."""
    if not await claim_list(parts, "disputes", LIST_EVERY):
        return
    answer = await parts.records.disputes()
    if isinstance(answer, (Refused, Unknown)):
        return  # unknown: read again at its next turn
    for fact in answer:
        await parts.db.run(record_dispute, fact, source="gateway")
