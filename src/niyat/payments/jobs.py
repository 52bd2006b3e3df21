"""What runs on its own. Every job claims its rows with a lease, so several processes may run it at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Sequence
from datetime import timedelta

from niyat.kernel.jobs import Job
from niyat.kernel.log import get_logger
from niyat.payments.commands.advance import advance, due_attempts
from niyat.payments.commands.ask_disputes import ask_disputes, list_disputes
from niyat.payments.commands.ask_reconciliation import ask_for_due_days
from niyat.payments.commands.drive_payout import drive_payout, due_payouts
from niyat.payments.commands.drive_refund import drive_refund, due_refunds
from niyat.payments.commands.finish_receipt import REFUSALS, due_receipts, finish_receipt
from niyat.payments.commands.import_refunds import import_refunds
from niyat.payments.commands.issue_receipt import issue_receipts
from niyat.payments.commands.notice_silence import notice_silence
from niyat.payments.commands.poll import poll
from niyat.payments.commands.propose_payouts import propose_scheduled
from niyat.payments.commands.reconcile import reconcile
from niyat.payments.commands.record_downtime import list_downtimes
from niyat.payments.commands.sweep import sweep
from niyat.payments.commands.webhook_process import process_webhooks, prune_webhooks
from niyat.payments.parts import Parts

log = get_logger(__name__)

WEBHOOKS_KEPT = timedelta(days=30)
AT_ONCE = 20


async def together(*work: Awaitable[None]) -> None:
    """All of it at once; what fails is logged and comes back when its lease is over."""
    for failed in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(failed, Exception):
            log.error("a row could not be driven on", exc_info=failed)
        elif isinstance(failed, BaseException):
            raise failed


async def drive_attempts(parts: Parts) -> int:
    """Take every attempt that is due as far as it goes; how many were due."""
    due = await due_attempts(parts, AT_ONCE)
    await together(*(advance(parts, attempt) for attempt in due))
    return len(due)


async def finish_receipts(parts: Parts) -> int:
    """Finish every receipt of the desk that was left half-done; how many were. A refusal is an end, too."""
    due = await due_receipts(parts, AT_ONCE)
    for payment_id in due:
        with contextlib.suppress(*REFUSALS.values()):
            await finish_receipt(parts, payment_id)
    return len(due)


async def drive_refunds(parts: Parts) -> int:
    """Send, or ask about, every refund that is due; how many were."""
    due = await due_refunds(parts, AT_ONCE)
    await together(*(drive_refund(parts, refund_id) for refund_id in due))
    return len(due)


async def drive_payouts(parts: Parts) -> int:
    """Send, or ask about, every payout that is due; how many were."""
    due = await due_payouts(parts, AT_ONCE)
    await together(*(drive_payout(parts, payout_id) for payout_id in due))
    return len(due)


async def prune(parts: Parts) -> None:
    """Forget webhooks long worked off."""
    await parts.db.run(prune_webhooks, WEBHOOKS_KEPT)


def jobs(parts: Parts) -> Sequence[Job]:
    """All that runs on its own; what a bell rings for does not wait out its seconds."""
    return (
        Job("payments: work off webhooks", 1, lambda: process_webhooks(parts), parts.webhooks),
        Job("payments: poll orders", 2, lambda: poll(parts)),
        Job("payments: drive attempts", 1, lambda: drive_attempts(parts), parts.money),
        Job("payments: finish manual receipts", 2, lambda: finish_receipts(parts)),
        Job("payments: import refunds", 2, lambda: import_refunds(parts), parts.money),
        Job("payments: sweep", 10, lambda: sweep(parts)),
        Job("payments: drive refunds", 2, lambda: drive_refunds(parts), parts.money),
        Job("payments: propose payouts", 3600, lambda: propose_scheduled(parts)),
        Job("payments: drive payouts", 5, lambda: drive_payouts(parts), parts.money),
        Job("payments: issue receipts", 2, lambda: issue_receipts(parts), parts.money),
        Job("payments: notice silent webhooks", 900, lambda: notice_silence(parts)),
        Job("payments: ask about disputes", 2, lambda: ask_disputes(parts)),
        Job("payments: read the list of disputes", 60, lambda: list_disputes(parts)),
        Job("payments: read the list of downtimes", 5, lambda: list_downtimes(parts)),
        Job("payments: ask for reports", 600, lambda: parts.db.run(ask_for_due_days)),
        Job("payments: reconcile", 10, lambda: reconcile(parts), parts.reports),
        Job("payments: forget old webhooks", 3600, lambda: prune(parts)),
    )
