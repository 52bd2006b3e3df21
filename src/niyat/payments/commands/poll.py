"""Asks the gateway about orders: around the hold's end, and for as long as anything is unresolved (step 7).

A closed tab and a lost webhook leave no other trace. An order cannot be withdrawn, so it is asked about for days,
ever more rarely; expiry does not wait for any of this.
"""

from __future__ import annotations

from datetime import timedelta

from niyat.kernel.db import Row
from niyat.kernel.log import get_logger
from niyat.payments.commands.close_unpaid import UNPAID_AFTER, close_unpaid
from niyat.payments.commands.initiate import RELEASE_LEASE, adopt, by_receipt, claim_order, give_up
from niyat.payments.commands.record_attempt import record_attempt
from niyat.payments.parts import Parts
from niyat.payments.ports import Order, Refused, Unknown

log = get_logger(__name__)

# Seconds after each poll: dense around the hold's end, then for more than the three days of late authorization. An
# open order is asked about when it is a quarter of an hour old, whatever comes next: then it is closed.
CLAIM = """
UPDATE payment_transactions t SET polls = polls + 1, poll_at = niyat_now() + least(
    CASE WHEN open AND niyat_now() < created_at + $2 THEN created_at + $2 - niyat_now() END,
    interval '1 second'
    * (ARRAY[15, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800])[least(polls, 11) + 1])
WHERE payment_id IN (SELECT payment_id FROM payment_transactions WHERE poll_at <= niyat_now()
    AND gateway <> 'manual' ORDER BY poll_at LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING *
"""
UNRESOLVED = """
SELECT EXISTS (SELECT FROM payment_attempts WHERE payment_id = $1
    AND step IN ('securing', 'capturing', 'lapsing', 'set-aside'))
"""
# An order that nobody paid for six days is left alone. Captured money is looked at once a day for some time, because
# a refund made in the gateway's dashboard, whose webhook was lost, leaves no other trace.
STOP = """
UPDATE payment_transactions t SET poll_at = CASE WHEN captured_at > niyat_now() - $3::interval
    THEN niyat_now() + interval '1 day' END
WHERE payment_id = $1 AND (captured_amount > 0 OR created_at < niyat_now() - $2::interval)
"""
HOLD_OVER = """
SELECT c.hold_expires_at IS NULL OR c.hold_expires_at < niyat_now() - interval '1 minute' FROM payment_cases c
WHERE c.appointment_id = $1
"""
GIVE_UP_AFTER = timedelta(days=6)
LOOK_AFTER = timedelta(days=14)


async def poll(parts: Parts, limit: int = 20) -> int:
    """Ask about the orders that are due; how many were."""
    due = await parts.db.fetch(CLAIM, parts.gateway.breaker.at_once(limit), UNPAID_AFTER)
    for payment in due:
        try:
            await (_missing_order if payment["gateway_order_id"] is None else ask_about)(parts, payment)
        except Exception:  # logged, and asked again at its next turn; the others must not wait for it
            log.exception("an order could not be asked about", payment_id=str(payment["payment_id"]))
    return len(due)


async def ask_about(parts: Parts, payment: Row) -> bool:
    """Record what the gateway says of a payment's order; False: it gave no answer."""
    answer = await parts.gateway.order_payments(payment["gateway_order_id"])
    if isinstance(answer, (Refused, Unknown)):
        return False  # unknown: asked again at its next turn
    for fact in answer:
        await parts.db.run(record_attempt, fact, source="poll")
    await parts.db.run(close_unpaid, payment["payment_id"])
    if not await parts.db.fetchval(UNRESOLVED, payment["payment_id"]):
        await parts.db.execute(STOP, payment["payment_id"], GIVE_UP_AFTER, LOOK_AFTER)
    return True


async def _missing_order(parts: Parts, payment: Row) -> None:
    """An order whose creation was never answered, and nobody came back for it: adopt it, or give the payment up."""
    payment_id = payment["payment_id"]
    if not payment["open"]:  # nobody will ever see its order, if it has one
        await parts.db.run(give_up, payment_id, "no-order")
        return
    if not await claim_order(parts, payment_id):
        return  # somebody is making it at this moment
    found = await by_receipt(parts, payment)
    if isinstance(found, Order):
        await parts.db.run(adopt, payment_id, found.order_id)
    elif found is None and await parts.db.fetchval(HOLD_OVER, payment["appointment_id"]):
        await parts.db.run(give_up, payment_id, "no-order")
    else:
        await parts.db.execute(RELEASE_LEASE, payment_id)
