"""A payments service of its own with a few bookings; what may happen to their money is added by the other files."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.integration.payments.whole_books import whole
from tests.support.payers import PAYING, Payer
from tests.support.payments_appointments import Visit
from tests.support.payments_world import payments_world
from tests.support.postgres import Databases, PostgresForTests
from tests.support.sandbox import Sandbox
from tests.support.sandbox_process import SandboxProcess

T = TypeVar("T")

FAILED = "SELECT EXISTS (SELECT FROM refunds WHERE appointment_id = $1 AND status = 'failed')"
Amount = st.integers(101, 90_000)
Which = st.integers(0, 1_000)
Part = st.integers(1, 100)


class Mix(RuleBasedStateMachine):
    """A payments service of its own with a few bookings, and what may happen to them."""

    server: PostgresForTests
    process: SandboxProcess

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.databases = Databases(self.server)
        self.visits: list[tuple[Visit, str]] = []
        self.delivered: set[str] = set()
        self.number = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def key(self) -> str:
        self.number += 1
        return f"k{self.number}"

    def one(self, which: int) -> tuple[Visit, str]:
        return self.visits[which % len(self.visits)]

    @initialize(capture=st.sampled_from(["manual", "automatic"]))
    def begin(self, capture: str) -> None:
        self.run(self._begin(capture))

    async def _begin(self, capture: str) -> None:
        sandbox = await self.stack.enter_async_context(Sandbox(self.process))
        opened = payments_world(
            self.databases, sandbox, commission_percent=Decimal(20), capture=capture, **PAYING
        )
        self.world = await self.stack.enter_async_context(opened)
        self.payer = Payer(self.world)
        self.doctors = [await self.payer.doctor(), await self.payer.doctor(paid_to="vpa")]
        for amount in (50_000, 20_001):  # so that whatever may happen to money has some to happen to
            await self._pay(amount, fails_first=False)
        await self.world.settle()

    def visit(self, amount: int) -> Visit:
        """A new one, of one of the doctors."""
        made = self.world.visit(amount)
        made.doctor_id = self.doctors[amount % len(self.doctors)]
        return made

    async def _pay(self, amount: int, *, fails_first: bool) -> None:
        visit = self.visit(amount)
        begun = await self.world.initiate(visit)
        if fails_first:
            await self.world.sandbox.pay(begun["order_id"], outcome="failed")
            await self._deliver()
        await self.world.verify(visit, await self.world.sandbox.pay(begun["order_id"]))
        self.visits.append((visit, str(begun["payment_id"])))

    async def _failed(self, visit: Visit) -> bool:
        """Whether a refund of the visit's has failed."""
        return bool(await self.world.db.fetchval(FAILED, visit.appointment_id))

    @rule()
    def settle(self) -> None:
        self.run(self.world.settle())

    @rule(minutes=st.sampled_from([2, 90, 1500]))
    def time_passes(self, minutes: int) -> None:
        self.run(self.world.move(minutes=minutes))

    async def _deliver(self) -> None:
        """The webhooks that are new, each once."""
        events = [event for event in await self.world.webhooks() if event["id"] not in self.delivered]
        self.delivered |= {event["id"] for event in events}
        await self.world.deliver_all(events)

    @invariant()
    def the_books_are_whole(self) -> None:
        if hasattr(self, "world"):
            self.run(whole(self.world))

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.run(self._end())
        finally:
            self.run(self.stack.aclose())
            self.runner.close()
            self.databases.drop()

    async def _end(self) -> None:
        await self._deliver()
        await self.payer.behave(payout_mode="auto")
        books = await self.world.sandbox.books(self.world.account)
        for payout in books.payouts:
            if payout["status"] == "processing":
                await self.world.sandbox.decide_payout(payout["id"], "process")
        for number, dispute in enumerate(books.disputes):
            if dispute["status"] == "open":
                await self.world.sandbox.decide_dispute(dispute["id"], ("lost", "won", "closed")[number % 3])
        for _ in range(3):
            await self.world.settle()
            await self.world.move(hours=25)
        await self.world.settle()
        await whole(self.world)
        await self.world.audit()


def price_of(visit: Visit) -> int:
    return visit.amount if visit.price is None else visit.price
