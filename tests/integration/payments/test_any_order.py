"""News of a payment in any order and any number of times, with jobs running in between: always the same end.

The six webhooks, the browser's report and the poll, for money that is kept, that comes too late and that nobody wants
any more. Drawn at random here; test_every_order.py walks through all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import pytest
from hypothesis import strategies as st

from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import EITHER_CAPTURE, World
from tests.support.properties import for_all
from tests.support.sandbox import Json

pytestmark = EITHER_CAPTURE

LEDGER = """
SELECT t.external_key, e.account, e.amount FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
WHERE t.payment_id = $1
"""
RECEIPTS = "SELECT series, amount FROM receipts WHERE payment_id = $1"
ASK = "UPDATE payment_transactions SET poll_at = niyat_now() WHERE payment_id = $1"

Fate: TypeAlias = Literal["kept", "too-late", "cancelled"]
Step: TypeAlias = tuple[Literal["webhook", "callback", "poll", "jobs"], int]
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(
        st.sampled_from(["webhook", "webhook", "webhook", "callback", "poll", "jobs"]), st.integers(0, 99)
    ),
    max_size=12,
)
FATES: st.SearchStrategy[Fate] = st.sampled_from(["kept", "too-late", "cancelled"])


@dataclass
class Told:
    """One payment that failed once and then succeeded, and what was heard of it so far."""

    world: World
    visit: Visit
    begun: Json
    paid: Json
    earlier: set[str]
    heard: set[str] = field(default_factory=set)

    async def news(self) -> list[Json]:
        """Every webhook that there is by now, those of our own captures and refunds included."""
        return [event for event in await self.world.webhooks() if event["id"] not in self.earlier]

    async def hear(self, event: Json) -> None:
        assert (await self.world.deliver(event)).status_code == 200
        self.heard.add(event["id"])

    async def take(self, step: Step) -> None:
        kind, which = step
        match kind:
            case "webhook":
                news = await self.news()
                await self.hear(news[which % len(news)])
            case "callback":
                await self.world.verify(self.visit, self.paid)
            case "poll":
                await self.world.db.execute(ASK, self.begun["payment_id"])
            case "jobs":
                pass
        if kind != "callback":
            await self.world.settle()

    async def hear_the_rest(self) -> None:
        """Everything that was not heard yet, until there is no more; then the poll, and time passes."""
        while missing := [event for event in await self.news() if event["id"] not in self.heard]:
            for event in missing:
                await self.hear(event)
            await self.world.settle()
        await self.take(("poll", 0))

    async def end(self) -> Any:
        """PAYMENT_FAILED and PAYMENT_AUTHORIZED are of the way, not of the end: what is overtaken is not told."""
        payment_id = self.begun["payment_id"]
        shown = await self.world.payment(payment_id)
        entries = await self.world.db.fetch(LEDGER, payment_id)
        receipts = await self.world.db.fetch(RECEIPTS, payment_id)
        told = sorted(
            event.type for event in self.world.events if str(getattr(event, "payment_id", "")) == payment_id
        )
        return {
            "visit": self.visit.status,
            "status": shown["status"],
            "refunded": shown["refunded_amount"],
            "outcome": shown["outcome"],
            "attempts": sorted((a["status"], a["step"], a["captured_amount"]) for a in shown["attempts"]),
            "refunds": [(r["status"], r["amount"], r["reason_code"]) for r in shown["refunds"]],
            "ledger": sorted(
                (e["external_key"].rsplit(":", 1)[1], e["account"], e["amount"]) for e in entries
            ),
            "receipts": sorted(tuple(receipt) for receipt in receipts),
            "told": [kind for kind in told if kind not in ("PAYMENT_FAILED", "PAYMENT_AUTHORIZED")],
        }


async def pay(world: World, fate: Fate) -> Told:
    earlier = {event["id"] for event in await world.webhooks()}
    visit = world.visit()
    begun = await world.initiate(visit)
    if fate == "too-late":
        await world.expire(visit, slot_free=False)
    if fate == "cancelled":
        await world.cancel(visit)
    await world.sandbox.pay(begun["order_id"], outcome="failed")
    captured = world.parts.settings.capture == "automatic"
    paid = await world.sandbox.pay(begun["order_id"], outcome="captured" if captured else "authorized")
    if captured and fate == "kept":
        await world.sandbox.refund_in_dashboard(paid["razorpay_payment_id"], PRICE // 4)
    return Told(world, visit, begun, paid, earlier)


@pytest.mark.failure_row(3, 6, 7, 8, 9, 26, 60)
async def test_any_order_of_what_is_heard_ends_the_same(world: World) -> None:
    ends: dict[Fate, Any] = {}

    async def ends_the_same(example: tuple[Fate, list[Step]]) -> None:
        fate, steps = example
        if fate not in ends:
            in_order = await pay(world, fate)
            await in_order.hear_the_rest()
            ends[fate] = await in_order.end()
        told = await pay(world, fate)
        for step in steps:
            await told.take(step)
        await told.hear_the_rest()
        assert await told.end() == ends[fate]

    await for_all(st.tuples(FATES, STEPS), ends_the_same, count=15)
