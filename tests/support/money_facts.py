"""Facts about one payment, to be told in any order: what the gateway sends, what a browser reports, what a poll finds.

`Story` is what really happened at the gateway, all of it before anything is told. `state` is everything that the
telling may have led to.
"""

from __future__ import annotations

import copy
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.support.one_transaction import OneTransaction
from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import World
from tests.support.sandbox import Json

CALLBACK = "callback"
POLL = "poll"

# All that payments holds, but for ids of our own making, clocks, counters of tries, and what is only told or noted.
STATE = """
SELECT jsonb_build_object(
    'cases', (SELECT jsonb_agg(jsonb_build_array(status, amount, moved_back, owed_back, securing,
        confirmed_payment_id IS NOT NULL, confirmed_at IS NOT NULL, earned_at IS NOT NULL, expired_at IS NOT NULL))
        FROM payment_cases),
    'payments', (SELECT jsonb_agg(jsonb_build_array(status, method, open, gateway_payment_id, captured_amount,
        refunded_amount)) FROM payment_transactions),
    'attempts', (SELECT jsonb_agg(jsonb_build_array(gateway_payment_id, status, step, amount, method, captured_amount,
        gateway_refunded, fee, tax, error_code, error_reason, import_at <= niyat_now(),
        capture_asked_at IS NOT NULL, CASE WHEN step IN ('securing', 'capturing', 'kept')
            THEN next_at <= niyat_now() END) ORDER BY gateway_payment_id) FROM payment_attempts),
    'refunds', (SELECT jsonb_agg(jsonb_build_array(cause, gateway_payment_id, gateway_refund_id, amount, status,
        reason_code, from_deposit, from_owed, revived, sent_at IS NOT NULL, next_at <= niyat_now()) ORDER BY cause)
        FROM refunds),
    'ledger', (SELECT jsonb_agg(jsonb_build_array(
            CASE WHEN r.cause IS NULL THEN t.external_key ELSE replace(t.external_key, r.refund_id::text, r.cause) END,
            e.account, e.amount)
            ORDER BY coalesce(r.cause, ''), split_part(t.external_key, ':', 3), t.external_key, e.account)
        FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
        LEFT JOIN refunds r ON r.refund_id = t.refund_id),
    'receipts', (SELECT jsonb_agg(jsonb_build_array(series, amount, gateway_payment_id) ORDER BY series, amount)
        FROM receipts),
    'receipts due', (SELECT jsonb_agg(jsonb_build_array(gateway_payment_id, refund_id IS NULL, next_at <= niyat_now())
        ORDER BY 1) FROM receipts_due),
    'webhooks', (SELECT jsonb_agg(DISTINCT status) FROM webhook_events),
    'untold', (SELECT jsonb_agg(type ORDER BY id) FROM outbox WHERE id > $1 AND type <> ALL ($2))
) AS state
"""
# Of the way, not of the end: what is overtaken is not told.
ON_THE_WAY = ["PAYMENT_FAILED", "PAYMENT_AUTHORIZED"]
WAITING = "UPDATE webhook_events SET next_at = niyat_now() WHERE status = 'new'"
ASK = "UPDATE payment_transactions SET poll_at = niyat_now()"
READ = "UPDATE payment_attempts SET import_at = niyat_now() WHERE import_at IS NOT NULL"


@dataclass
class Story:
    """What happened at the gateway. `events`: its webhooks by the name of what each says."""

    world: World
    visit: Visit
    payment_id: str
    fields: Json
    events: Mapping[str, Json]
    deliveries: int = 0

    async def tell(self, fact: str) -> None:
        """One fact arrives, by whatever way; what it leads to on its own is left to `settle`.

        A webhook that comes again does so under another id, or the store would not even look at it.
        """
        if fact == CALLBACK:
            answer = await self.world.verify(self.visit, self.fields)
            assert answer.status_code in (200, 202), answer.text
        elif fact == POLL:
            await self.world.db.execute(ASK)
            await self.settle()
        else:
            self.deliveries += 1
            answer = await self.world.deliver(
                self.events[fact], **{"x-razorpay-event-id": f"evt_{self.deliveries}"}
            )
            assert answer.status_code == 200, answer.text
            await self._job("payments: work off webhooks")

    async def settle(self) -> None:
        """Jobs and events until nothing moves, what waits for a later try included."""
        await self.world.db.execute(WAITING)
        await self.world.db.execute(READ)
        await self.world.settle()

    async def state(self) -> Json:
        """Where payments and the visit stand, and what was told."""
        held: Json = await self.world.db.fetchval(STATE, self.world.seen, ON_THE_WAY)
        told = sorted(kind for kind in self.world.told() if kind not in ON_THE_WAY)
        shown = [self.visit.status, self.visit.secured_by is not None, self.visit.released_below]
        return held | {"visit": shown, "told": told}

    async def end(self) -> Json:
        """Where all of it ends, told nothing more."""
        async with self.branch():
            await self.settle()
            end = await self.state()
        assert end.pop("webhooks") in (None, ["done"]), end
        return end

    @asynccontextmanager
    async def branch(self) -> AsyncIterator[None]:
        """Whatever is told inside is untold at its end, here, in the database and with appointments."""
        db = self.world.db
        assert isinstance(db, OneTransaction)
        visit, seen, told = copy.copy(self.visit.__dict__), self.world.seen, len(self.world.events)
        async with db.branch():
            yield
        self.visit.__dict__.update(visit)
        self.world.seen = seen
        del self.world.events[told:]

    async def _job(self, name: str) -> None:
        for job in self.world.service.jobs:
            if job.name == name:
                await job.run()


async def another_attempt(world: World, back: int = PRICE // 4) -> Story:
    """One attempt fails, another one is captured by the gateway, and `back` of it is refunded in its dashboard."""
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"], outcome="failed")
    paid = await world.sandbox.pay(begun["order_id"], outcome="authorized")
    await world.sandbox.capture_in_dashboard(paid["razorpay_payment_id"])
    await world.sandbox.refund_in_dashboard(paid["razorpay_payment_id"], back)
    return await _story(world, visit, begun, paid["razorpay_payment_id"])


async def the_bank_says_yes_late(world: World, back: int = PRICE // 4) -> Story:
    """One and the same attempt fails, is authorised after all and captured, and `back` of it is refunded."""
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"], outcome="failed")
    (attempt,) = (await world.sandbox.books(world.account)).payments
    await world.sandbox.authorize_late(attempt["id"])
    await world.sandbox.capture_in_dashboard(attempt["id"])
    await world.sandbox.refund_in_dashboard(attempt["id"], back)
    return await _story(world, visit, begun, attempt["id"])


async def _story(world: World, visit: Visit, begun: Json, gateway_payment_id: str) -> Story:
    events = {event["event"]: event for event in await world.webhooks()}
    signed = f"{begun['order_id']}|{gateway_payment_id}".encode()
    fields = {
        "razorpay_order_id": begun["order_id"],
        "razorpay_payment_id": gateway_payment_id,
        "razorpay_signature": hmac.new(world.account.key_secret.encode(), signed, hashlib.sha256).hexdigest(),
    }
    return Story(world, visit, begun["payment_id"], fields, events)
