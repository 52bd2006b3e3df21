"""Whatever mix of things happens to money, each booking's is somewhere and each account holds what the facts say.

A stateful property: rules are what patients, staff, banks and the gateway may do, in any order and number. After each
of them the books are whole; at the end all is settled and the audit, with the gateway's own books, finds nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.payers import PAYING, Payer
from tests.support.payments_world import ADMIN, Visit, World, payments_world
from tests.support.postgres import Databases, PostgresForTests
from tests.support.sandbox import Sandbox, SandboxProcess

T = TypeVar("T")

BOOKINGS = """
SELECT c.appointment_id,
    coalesce((SELECT sum(captured_amount) FROM payment_attempts
        WHERE appointment_id = c.appointment_id), 0) AS captured,
    coalesce((SELECT sum(amount) FROM refunds WHERE appointment_id = c.appointment_id
        AND status IN ('pending', 'processed')), 0) AS refunded,
    l.held, l.earned, l.failed
FROM payment_cases c CROSS JOIN LATERAL (SELECT
    coalesce(-sum(e.amount) FILTER (WHERE e.account = 'patient_deposit'), 0) AS held,
    coalesce(-sum(e.amount) FILTER (WHERE e.account IN ('doctor_payable', 'platform_revenue', 'gst_output')), 0)
        AS earned,
    coalesce(-sum(e.amount) FILTER (WHERE e.account = 'refund_owed'), 0) AS failed
    FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
    WHERE t.appointment_id = c.appointment_id) l
"""
"""For each booking: captured = held + earned + refunded + the named exception, money of refunds that failed."""
# What each of these accounts must hold, by the rows that are not the ledger's.
EXPLAINED = """
SELECT 'refund_pending' AS account, -coalesce(sum(amount) FILTER (WHERE status = 'pending'), 0) AS amount FROM refunds
UNION ALL SELECT 'gateway_clearing', (SELECT coalesce(sum(a.captured_amount - coalesce(a.fee, 0)), 0)
    FROM payment_attempts a JOIN payment_transactions p USING (payment_id)
    WHERE p.gateway <> 'manual' AND a.captured_amount > 0)
    - (SELECT coalesce(sum(amount), 0) FROM refunds
    WHERE status = 'processed' AND refund_id NOT IN (SELECT refund_id FROM manual_refunds))
UNION ALL SELECT 'payout_pending', -coalesce(sum(amount), 0) FROM doctor_payouts
    WHERE status IN ('approved', 'queued', 'processing')
UNION ALL SELECT 'cash', (SELECT coalesce(sum(captured_amount), 0) FROM payment_transactions WHERE gateway = 'manual')
    - (SELECT coalesce(sum(r.amount), 0) FROM refunds r JOIN manual_refunds USING (refund_id))
"""
UNBALANCED = (
    "SELECT transaction_id FROM ledger_entries GROUP BY transaction_id, currency HAVING sum(amount) <> 0"
)
HANDABLE = """
SELECT r.refund_id FROM refunds r JOIN payment_transactions p USING (payment_id)
WHERE r.status = 'failed' OR (p.gateway = 'manual' AND r.status = 'pending') ORDER BY r.refund_id
"""
CAME_BACK = "SELECT payout_id FROM doctor_payouts WHERE status IN ('failed', 'reversed') ORDER BY payout_id"
REFUSED = {"refund-exceeds-captured", "nothing-to-refund"}

Amount = st.integers(101, 90_000)
Which = st.integers(0, 1_000)
Part = st.integers(1, 100)


async def whole(world: World) -> None:
    """Each booking's money is somewhere, each account holds what the facts say, each transaction sums to zero."""
    for row in await world.db.fetch(BOOKINGS):
        assert row["captured"] == row["held"] + row["earned"] + row["refunded"] + row["failed"], dict(row)
    ledger = await world.ledger()
    assert sum(ledger.values()) == 0
    for row in await world.db.fetch(EXPLAINED):
        assert ledger.get(row["account"], 0) == row["amount"], row["account"]
    assert await world.db.fetch(UNBALANCED) == []


class Money(RuleBasedStateMachine):
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
        self.finished = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def key(self) -> str:
        self.number += 1
        return f"k{self.number}"

    def one(self, which: int) -> tuple[Visit, str]:
        return self.visits[which % len(self.visits)]

    @initialize(capture=st.sampled_from(["manual", "automatic"]))
    def begin(self, capture: str) -> None:
        self.world = self.run(self._begin(capture))

    async def _begin(self, capture: str) -> World:
        sandbox = await self.stack.enter_async_context(Sandbox(self.process))
        opened = payments_world(
            self.databases, sandbox, commission_percent=Decimal(20), capture=capture, **PAYING
        )
        world = await self.stack.enter_async_context(opened)
        self.payer = Payer(world)
        self.doctors = [await self.payer.doctor(), await self.payer.doctor(paid_to="vpa")]
        return world

    def visit(self, amount: int) -> Visit:
        """A new one, of one of the doctors."""
        made = self.world.visit(amount)
        made.doctor_id = self.doctors[amount % len(self.doctors)]
        return made

    # Money comes

    @rule(amount=Amount)
    def pay(self, amount: int) -> None:
        self.run(self._pay(amount, fails_first=False))

    @rule(amount=Amount)
    def fail_and_pay(self, amount: int) -> None:
        self.run(self._pay(amount, fails_first=True))

    async def _pay(self, amount: int, *, fails_first: bool) -> None:
        visit = self.visit(amount)
        begun = await self.world.initiate(visit)
        if fails_first:
            await self.world.sandbox.pay(begun["order_id"], outcome="failed")
            await self._deliver()
        await self.world.verify(visit, await self.world.sandbox.pay(begun["order_id"]))
        self.visits.append((visit, str(begun["payment_id"])))

    @rule(amount=Amount)
    def pay_after_the_time_is_gone(self, amount: int) -> None:
        self.run(self._pay_late(amount))

    async def _pay_late(self, amount: int) -> None:
        visit = self.visit(amount)
        begun = await self.world.initiate(visit)
        await self.world.expire(visit, slot_free=False)
        await self.world.verify(visit, await self.world.sandbox.pay(begun["order_id"]))
        await self.world.settle()
        for payment in (await self.world.sandbox.books(self.world.account)).payments:
            if payment["status"] == "authorized":
                await self.world.sandbox.auto_refund(payment["id"])

    @rule(amount=Amount)
    def pay_at_the_desk(self, amount: int) -> None:
        visit = self.visit(amount)
        answer = self.run(self.world.receive(visit, self.key()))
        self.visits.append((visit, answer.json()["payment_id"]))

    @precondition(lambda self: self.visits)
    @rule(which=Which)
    def pay_once_more(self, which: int) -> None:
        self.run(self._pay_once_more(*self.one(which)))

    async def _pay_once_more(self, visit: Visit, payment_id: str) -> None:
        shown = await self.world.payment(payment_id)
        if shown["gateway"] != "manual":
            await self.world.sandbox.pay(
                shown["order_id"], outcome="captured", force=True, amount=shown["amount"]
            )
            await self._deliver()

    # Money goes

    @precondition(lambda self: self.visits)
    @rule(which=Which, parts=st.lists(Part, min_size=1, max_size=4))
    def refund_at_once_in_parts(self, which: int, parts: list[int]) -> None:
        """However many ask at once, together they never get more than there is."""
        self.run(self._refund(self.one(which)[1], parts))

    async def _refund(self, payment_id: str, parts: list[int]) -> None:
        shown = await self.world.payment(payment_id)
        wanted = [max(1, shown["amount"] * part // 100) for part in parts]
        answers = await asyncio.gather(*(self.world.refund(payment_id, n, self.key()) for n in wanted))
        for answer in answers:
            assert answer.status_code == 201 or answer.json()["code"] in REFUSED, answer.text
        after = await self.world.payment(payment_id)
        promised = sum(r["amount"] for r in after["refunds"] if r["status"] in ("pending", "processed"))
        assert promised <= sum(attempt["captured_amount"] for attempt in after["attempts"])

    @precondition(lambda self: self.visits)
    @rule(which=Which, part=Part)
    def refund_and_be_refused(self, which: int, part: int) -> None:
        self.run(self._refuse(self.one(which)[1], part))

    async def _refuse(self, payment_id: str, part: int) -> None:
        await self.world.settle()
        await self.world.sandbox.add_fault(
            self.world.account, "payments.refund", "http-400", description="Not possible"
        )
        await self._refund(payment_id, [part])
        await self.world.settle()
        await self.world.sandbox.clear_faults(self.world.account)

    @precondition(lambda self: self.visits)
    @rule(which=Which, part=Part)
    def refund_in_the_dashboard(self, which: int, part: int) -> None:
        self.run(self._dashboard(which, part))

    async def _dashboard(self, which: int, part: int) -> None:
        open_to_it = [
            payment
            for payment in (await self.world.sandbox.books(self.world.account)).payments
            if payment["captured"] and payment["amount"] > payment["amount_refunded"] + 100
        ]
        if open_to_it:
            payment = open_to_it[which % len(open_to_it)]
            left = payment["amount"] - payment["amount_refunded"]
            await self.world.sandbox.refund_in_dashboard(payment["id"], max(100, left * part // 100))
            await self._deliver()

    @rule(which=Which)
    def a_processed_refund_fails(self, which: int) -> None:
        self.run(self._fail_late(which))

    async def _fail_late(self, which: int) -> None:
        refunds = (await self.world.sandbox.books(self.world.account)).refunds
        done = [refund for refund in refunds if refund["status"] == "processed"]
        if done:
            await self.world.sandbox.fail_refund(done[which % len(done)]["id"])
            await self._deliver()

    @rule(which=Which)
    def give_back_by_hand(self, which: int) -> None:
        self.run(self._by_hand(which))

    async def _by_hand(self, which: int) -> None:
        rows = await self.world.db.fetch(HANDABLE)
        if rows:
            path = f"/api/v1/payments/refunds/{rows[which % len(rows)]['refund_id']}/handed-back"
            answer = await self.world.ask("POST", path, f"admin:{ADMIN}", {"reason_code": "given"})
            allowed = ("refund-exceeds-captured", "refund-not-pending")
            assert answer.status_code == 200 or answer.json()["code"] in allowed, answer.text

    # The visit goes on

    @precondition(lambda self: self.visits)
    @rule(which=Which, part=Part)
    def move(self, which: int, part: int) -> None:
        visit = self.one(which)[0]
        if visit.status == "confirmed":
            self.run(self.world.tell(self.world.moved(visit, max(1, _price(visit) * part // 100))))

    @precondition(lambda self: self.visits)
    @rule(which=Which, part=Part, how=st.sampled_from(["complete", "cancel", "patient", "doctor"]))
    def end(self, which: int, part: int, how: str) -> None:
        visit = self.one(which)[0]
        if visit.status != "confirmed":
            return
        match how:
            case "complete":
                self.run(self.world.complete(visit))
            case "cancel":
                self.run(self.world.cancel(visit, _price(visit) * part // 100))
            case "patient":
                self.run(self.world.no_show(visit, "patient"))
            case _:
                self.run(self.world.no_show(visit, "doctor"))

    # Doctors are paid

    @rule(approve=st.booleans())
    def pay_the_doctors(self, approve: bool) -> None:
        self.run(self._pay_the_doctors(approve=approve))

    async def _pay_the_doctors(self, *, approve: bool) -> None:
        more = {"reason": "Month's end", "until": "2099-12-31"}
        answer = await self.payer.admin("POST", "batches", more)
        if answer.status_code != 201:
            assert answer.json()["code"] == "nothing-to-pay-out", answer.text
            return
        verdict = "approve" if approve else "discard"
        path = f"batches/{answer.json()['batch_id']}/{verdict}"
        decided = await self.payer.admin("POST", path, {"reason": "As counted"})
        assert decided.status_code == 200, decided.text

    @rule(which=Which, verdict=st.sampled_from(["fail", "reverse", "process"]))
    def the_bank_decides_about_a_payout(self, which: int, verdict: str) -> None:
        self.run(self._decide_payout(which, verdict))

    async def _decide_payout(self, which: int, verdict: Any) -> None:
        possible = {
            "fail": ("processing",),
            "process": ("processing",),
            "reverse": ("processing", "processed"),
        }
        made = (await self.world.sandbox.books(self.world.account)).payouts
        fitting = [payout for payout in made if payout["status"] in possible[verdict]]
        if fitting:
            await self.world.sandbox.decide_payout(fitting[which % len(fitting)]["id"], verdict)
            await self._deliver()

    @rule(manual=st.booleans())
    def the_bank_takes_its_time(self, manual: bool) -> None:
        self.run(self.payer.behave(payout_mode="manual" if manual else "auto"))

    @rule(which=Which)
    def a_payout_is_tried_again(self, which: int) -> None:
        self.run(self._retry(which))

    async def _retry(self, which: int) -> None:
        rows = await self.world.db.fetch(CAME_BACK)
        if rows:
            answer = await self.payer.retry(str(rows[which % len(rows)]["payout_id"]), self.key())
            assert answer.status_code < 500, answer.text

    @rule(amount=Amount)
    def correct(self, amount: int) -> None:
        entries = [{"account": "bank", "amount": amount}, {"account": "suspense", "amount": -amount}]
        answer = self.run(
            self.world.ask(
                "POST", "/api/v1/ledger/corrections", f"admin:{ADMIN}",
                {"entries": entries, "reason": "Found money"}, headers={"idempotency-key": self.key()},
            )
        )  # fmt: skip
        assert answer.status_code == 201, answer.text

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
        for payout in (await self.world.sandbox.books(self.world.account)).payouts:
            if payout["status"] == "processing":
                await self.world.sandbox.decide_payout(payout["id"], "process")
        for _ in range(3):
            await self.world.settle()
            await self.world.move(hours=25)
        await self.world.settle()
        await whole(self.world)
        await self.world.audit()


def _price(visit: Visit) -> int:
    return visit.amount if visit.price is None else visit.price


def play(server: PostgresForTests, process: SandboxProcess, **limits: int) -> None:
    class Here(Money):
        pass

    Here.server, Here.process = server, process
    how = settings(derandomize=True, database=None, deadline=None, **limits)  # type: ignore[arg-type]
    run_state_machine_as_test(Here, settings=how)


@pytest.mark.failure_row(23, 55)
def test_any_mix_of_what_may_happen_to_money_leaves_every_booking_and_every_account_explained(
    postgres_server: PostgresForTests, sandbox_process: SandboxProcess
) -> None:
    play(postgres_server, sandbox_process, max_examples=4, stateful_step_count=20)


@pytest.mark.long
def test_many_mixes_of_what_may_happen_to_money(
    postgres_server: PostgresForTests, sandbox_process: SandboxProcess
) -> None:
    play(postgres_server, sandbox_process, max_examples=30, stateful_step_count=30)
