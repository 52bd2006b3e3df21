"""Webhooks in any order, any number of times, with jobs running in between: always the same end."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.support.payments_world import PRICE, World

LEDGER = """
SELECT t.external_key, e.account, e.amount FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
WHERE t.payment_id = $1
"""


async def end_of(world: World, payment_id: str) -> Any:
    shown = await world.payment(payment_id)
    entries = await world.db.fetch(LEDGER, payment_id)
    told = sorted(event.type for event in world.events if str(getattr(event, "payment_id", "")) == payment_id)
    return {
        "status": shown["status"],
        "refunded": shown["refunded_amount"],
        "outcome": shown["outcome"],
        "attempts": sorted((a["status"], a["step"], a["captured_amount"]) for a in shown["attempts"]),
        "refunds": [(r["status"], r["amount"]) for r in shown["refunds"]],
        "ledger": sorted((e["external_key"].rsplit(":", 1)[1], e["account"], e["amount"]) for e in entries),
        "told": [kind for kind in told if kind not in ("PAYMENT_FAILED", "PAYMENT_AUTHORIZED")],
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.failure_row(6, 7, 8, 9, 26)
async def test_any_interleaving_and_duplication_ends_the_same(world: World, seed: int) -> None:
    chance = random.Random(seed)
    ends = []
    for shuffled in (False, True, True):
        before = {event["id"] for event in await world.webhooks()}
        visit = world.visit()
        begun = await world.initiate(visit)
        await world.sandbox.pay(begun["order_id"], outcome="failed")
        paid = await world.sandbox.pay(begun["order_id"], outcome="captured")
        await world.sandbox.refund_in_dashboard(paid["razorpay_payment_id"], PRICE // 4)
        events = [event for event in await world.webhooks() if event["id"] not in before]
        assert len(events) >= 5
        if shuffled:
            events = events + chance.choices(events, k=5)
            chance.shuffle(events)
        for event in events:
            await world.deliver(event)
            if chance.random() < 0.4:
                await world.settle()
            if chance.random() < 0.2:
                await world.verify(visit, paid)
        await world.settle()
        await world.move(minutes=2)
        await world.settle()
        ends.append(await end_of(world, begun["payment_id"]))
        assert visit.status == "confirmed"
    assert ends[1] == ends[0]
    assert ends[2] == ends[0]
