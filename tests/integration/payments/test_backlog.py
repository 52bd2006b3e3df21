"""Everything stood still for a while: ten thousand events wait, shuffled, most of them doubled, and then it goes on."""

from __future__ import annotations

import random
import time

import pytest

from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import World
from tests.support.sandbox import Json

EVENTS = 10_000
PAYMENTS = 100
SOONEST_FAILURE_SECONDS = 5.0
"""The provider counts a delivery that takes longer as failed."""
LEDGER = """
SELECT p.payment_id, array_agg(e.account || ' ' || e.amount ORDER BY e.account, e.amount) AS entries
FROM payment_transactions p JOIN ledger_transactions t USING (payment_id)
    JOIN ledger_entries e ON e.transaction_id = t.id GROUP BY p.payment_id
"""


@pytest.fixture
def settings() -> Json:
    return {"capture": "automatic"}


async def pay(world: World) -> Visit:
    """One attempt fails, another is captured, a part of it goes back in the provider's dashboard."""
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"], outcome="failed")
    paid = await world.sandbox.pay(begun["order_id"], outcome="captured")
    await world.sandbox.refund_in_dashboard(paid["razorpay_payment_id"], PRICE // 4)
    return visit


async def store(world: World, events: list[Json]) -> float:
    """Store `EVENTS` deliveries of these events, in any order, each under an id of its own; the slowest answer."""
    chance = random.Random(9)
    again = events + chance.choices(events, k=EVENTS - len(events))
    chance.shuffle(again)
    slowest = 0.0
    for number, event in enumerate(again):
        began = time.monotonic()
        answer = await world.deliver(event, **{"x-razorpay-event-id": f"evt_{number}"})
        slowest = max(slowest, time.monotonic() - began)
        assert answer.status_code == 200, answer.text
    return slowest


@pytest.mark.long
@pytest.mark.failure_row(36)
async def test_a_backlog_of_ten_thousand_events_drains_and_every_payment_ends_as_in_order(
    world: World,
) -> None:
    visits = [await pay(world) for _ in range(PAYMENTS)]
    slowest = await store(world, await world.webhooks())
    assert await world.db.fetchval("SELECT count(*) FROM payment_attempts") == 0
    assert await world.db.fetchval("SELECT count(*) FROM webhook_events WHERE status = 'new'") == EVENTS
    began = time.monotonic()
    while await world.db.fetchval("SELECT count(*) FROM webhook_events WHERE status = 'new'"):
        for job in world.service.jobs:
            if job.name == "payments: work off webhooks":
                await job.run()
    drained = time.monotonic() - began
    print(
        f"slowest answer {slowest:.3f} s; {EVENTS} events in {drained:.1f} s, {EVENTS / drained:.0f} a second"
    )
    assert slowest < SOONEST_FAILURE_SECONDS
    for _ in range(20):
        await world.settle()
    assert {visit.status for visit in visits} == {"confirmed"}
    ledgers = {tuple(row["entries"]) for row in await world.db.fetch(LEDGER)}
    assert len(ledgers) == 1
    states = await world.db.fetch(
        "SELECT DISTINCT status, captured_amount, refunded_amount FROM payment_transactions"
    )
    assert [tuple(row) for row in states] == [("partially-refunded", PRICE, PRICE // 4)]
