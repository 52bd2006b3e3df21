"""Asks the gateway about orders: around the hold's end, and for as long as anything is unresolved (step 7).

A closed tab and a lost webhook leave no other trace. An order cannot be withdrawn, so it is asked about for days,
ever more rarely; expiry does not wait for any of this.
"""

from __future__ import annotations

from datetime import timedelta

from niyat.kernel.db import Row
from niyat.kernel.log import get_logger
from niyat.payments.commands.advance import advance
from niyat.payments.commands.initiate import adopt, give_up
from niyat.payments.commands.record_attempt import record_attempt
from niyat.payments.domain import Step
from niyat.payments.ports import Refused, Unknown
from niyat.payments.till import Till

log = get_logger(__name__)

# Seconds after each poll: dense around the hold's end, then for more than the three days of late authorization.
CLAIM = """
UPDATE payment_transactions t SET polls = polls + 1, poll_at = niyat_now() + interval '1 second'
    * (ARRAY[15, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800])[least(polls, 11) + 1]
WHERE payment_id IN (SELECT payment_id FROM payment_transactions WHERE poll_at <= niyat_now()
    ORDER BY poll_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING *
"""
UNRESOLVED = """
SELECT EXISTS (SELECT FROM payment_attempts WHERE payment_id = $1
    AND step IN ('securing', 'capturing', 'lapsing', 'set-aside'))
"""
# Kept or returned money is followed by its own rows; an order that nobody paid for six days is left alone.
STOP = """
UPDATE payment_transactions t SET poll_at = NULL WHERE payment_id = $1
    AND (captured_amount > 0 OR created_at < niyat_now() - $2::interval)
"""
HOLD_OVER = """
SELECT c.hold_expires_at IS NULL OR c.hold_expires_at < niyat_now() - interval '1 minute' FROM payment_cases c
WHERE c.appointment_id = $1
"""
GIVE_UP_AFTER = timedelta(days=6)
WITH_MONEY = (Step.SECURING, Step.CAPTURING)


async def poll(till: Till, limit: int = 20) -> int:
    """Ask about the orders that are due; how many were."""
    due = await till.db.fetch(CLAIM, limit)
    for payment in due:
        if payment["gateway_order_id"] is None:
            await _missing_order(till, payment)
        else:
            await _ask(till, payment)
    return len(due)


async def _ask(till: Till, payment: Row) -> None:
    answer = await till.gateway.order_payments(payment["gateway_order_id"])
    if isinstance(answer, (Refused, Unknown)):
        return  # unknown: asked again at its next turn
    for fact in answer:
        recorded = await till.db.run(lambda conn, fact=fact: record_attempt(conn, fact, source="poll"))  # type: ignore[misc]
        if recorded is not None and recorded.step in WITH_MONEY:
            await advance(till, fact.gateway_payment_id)
    if not await till.db.fetchval(UNRESOLVED, payment["payment_id"]):
        await till.db.execute(STOP, payment["payment_id"], GIVE_UP_AFTER)


async def _missing_order(till: Till, payment: Row) -> None:
    """An order whose creation was never answered, and nobody came back for it: adopt it, or give the payment up."""
    answer = await till.gateway.find_orders_by_receipt(payment["payment_id"])
    if isinstance(answer, (Refused, Unknown)):
        return
    if answer:
        oldest = answer[-1].order_id
        await till.db.run(lambda conn: adopt(conn, payment["payment_id"], oldest))
    elif await till.db.fetchval(HOLD_OVER, payment["appointment_id"]):
        await till.db.run(lambda conn: give_up(conn, payment["payment_id"], "no-order"))
