"""Whatever mix of things happens to money, each booking's is somewhere and each account holds what the facts say.

A stateful property: rules are what patients, staff, banks and the gateway may do, in any order and number. After each
of them the books are whole; at the end all is settled and the audit, with the gateway's own books, finds nothing.

Captured money is counted twice over: by whose it is (held, earned, refunded, owed) and by where it is (at the gateway
or the desk, given back, lost to a chargeback, withheld for a dispute). A dispute moves it, and changes nobody's claim.
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

from niyat.payments.adapters import razorpay_records_entities as entities
from niyat.payments.commands.record_dispute import record_dispute
from tests.support.payers import PAYING, Payer
from tests.support.payments_world import ADMIN, Visit, World, payments_world
from tests.support.postgres import Databases, PostgresForTests
from tests.support.sandbox import Json, Sandbox, SandboxProcess, Statement

T = TypeVar("T")

BOOKINGS = """
SELECT c.appointment_id,
    coalesce((SELECT sum(captured_amount) FROM payment_attempts
        WHERE appointment_id = c.appointment_id), 0) AS captured,
    r.refunded, r.gone, l.held, l.earned, l.failed, l.there, l.lost, l.withheld,
    coalesce(d.taken, 0) - r.by_dispute AS to_be_lost, coalesce(d.kept_back, 0) AS to_be_withheld
FROM payment_cases c CROSS JOIN LATERAL (SELECT
    coalesce(-sum(e.amount) FILTER (WHERE e.account = 'patient_deposit'), 0) AS held,
    coalesce(-sum(e.amount) FILTER (WHERE e.account IN ('doctor_payable', 'platform_revenue', 'gst_output')), 0)
        AS earned,
    coalesce(-sum(e.amount) FILTER (WHERE e.account = 'refund_owed'), 0) AS failed,
    coalesce(sum(e.amount) FILTER (WHERE e.account IN ('gateway_clearing', 'gateway_fee', 'gst_input', 'cash')), 0)
        AS there,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'chargeback_loss'), 0) AS lost,
    coalesce(sum(e.amount) FILTER (WHERE e.account = 'dispute_hold'), 0) AS withheld
    FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
    WHERE t.appointment_id = c.appointment_id) l
CROSS JOIN LATERAL (SELECT
    coalesce(sum(amount) FILTER (WHERE status IN ('pending', 'processed')), 0) AS refunded,
    coalesce(sum(amount) FILTER (WHERE status = 'processed'), 0) AS gone,
    coalesce(sum(amount) FILTER (WHERE refund_id IN (SELECT refund_id FROM refunds_by_dispute)), 0) AS by_dispute
    FROM refunds WHERE appointment_id = c.appointment_id) r
LEFT JOIN LATERAL (SELECT
    sum(amount_deducted) FILTER (WHERE decided_at IS NOT NULL) AS taken,
    sum(amount_deducted) FILTER (WHERE decided_at IS NULL) AS kept_back
    FROM disputes WHERE appointment_id = c.appointment_id) d ON true
"""
"""For each booking: whose its money is, with what is owed of refunds that failed; where it is, with the two named
exceptions, chargeback_loss (`lost`) and dispute_hold (`withheld`); and what those must be, by its disputes."""
# What each of these accounts must hold, by the rows that are not the ledger's.
EXPLAINED = """
SELECT 'refund_pending' AS account, -coalesce(sum(amount) FILTER (WHERE status = 'pending'), 0) AS amount FROM refunds
UNION ALL SELECT 'gateway_clearing', (SELECT coalesce(sum(a.captured_amount - coalesce(a.fee, 0)), 0)
    FROM payment_attempts a JOIN payment_transactions p USING (payment_id)
    WHERE p.gateway <> 'manual' AND a.captured_amount > 0)
    - (SELECT coalesce(sum(amount), 0) FROM refunds
    WHERE status = 'processed' AND refund_id NOT IN (SELECT refund_id FROM manual_refunds)
        AND refund_id NOT IN (SELECT refund_id FROM refunds_by_dispute))
    - (SELECT coalesce(sum(amount_deducted), 0) FROM disputes)
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
# Of an attempt's money: given back otherwise than by the gateway's refunds, or owed by a refund that failed.
ELSEWHERE = """
SELECT coalesce(sum(r.amount), 0)::bigint FROM refunds r WHERE r.gateway_payment_id = $1 AND (r.status = 'failed'
    OR r.refund_id IN (SELECT refund_id FROM manual_refunds UNION ALL SELECT refund_id FROM refunds_by_dispute))
"""
FAILED = "SELECT EXISTS (SELECT FROM refunds WHERE appointment_id = $1 AND status = 'failed')"
REFUSED = {"refund-exceeds-captured", "nothing-to-refund", "payment-disputed"}

Amount = st.integers(101, 90_000)
Which = st.integers(0, 1_000)
Part = st.integers(1, 100)


async def whole(world: World) -> None:
    """Each booking's money is somewhere, each account holds what the facts say, each transaction sums to zero."""
    for row in await world.db.fetch(BOOKINGS):
        assert row["captured"] == row["held"] + row["earned"] + row["refunded"] + row["failed"], dict(row)
        assert row["captured"] == row["there"] + row["gone"] + row["lost"] + row["withheld"], dict(row)
        assert (row["lost"], row["withheld"]) == (row["to_be_lost"], row["to_be_withheld"]), dict(row)
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
        # Not beyond what was captured, with what went back, or will, by hand or by a dispute: what the gateway gives
        # back beyond it cannot be recorded yet.
        books = await self.world.sandbox.books(self.world.account)
        for payment in books.payments[which % len(books.payments) :] if books.payments else ():
            elsewhere = await self.world.db.fetchval(ELSEWHERE, payment["id"])
            left = (
                payment["amount"] - payment["amount_refunded"] - elsewhere - _disputed(books, payment["id"])
            )
            if payment["captured"] and left > 100:
                await self.world.sandbox.refund_in_dashboard(payment["id"], max(100, left * part // 100))
                await self._deliver()
                return

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
            allowed = ("refund-exceeds-captured", "refund-not-pending", "payment-disputed")
            assert answer.status_code == 200 or answer.json()["code"] in allowed, answer.text

    # The patient's bank objects

    @precondition(lambda self: self.visits)
    @rule(which=Which, part=Part, contested=Part, told=st.booleans())
    def a_bank_objects(self, which: int, part: int, contested: int, told: bool) -> None:
        """To a part or all of what it was not asked about yet; somebody drafts an answer about some of that."""
        self.run(self._object(which, part, contested, told=told))

    async def _object(self, which: int, part: int, contested: int, *, told: bool) -> None:
        dispute = await self._dispute(which, part)
        if dispute is None:
            return
        if contested < 100 and dispute["amount"] > 1:
            answered = {"action": "draft", "amount": max(1, dispute["amount"] * contested // 100)}
            await self.world.sandbox.http.patch(
                f"/razorpay/v1/disputes/{dispute['id']}/contest", json=answered, auth=self.world.account.auth
            )
        if told:
            await self._deliver()

    async def _dispute(self, which: int, part: int, order_id: str | None = None) -> Json | None:
        """A new dispute; none when all that was captured, of that order or any, is disputed or lost already."""
        books = await self.world.sandbox.books(self.world.account)
        open_to_it = [
            (payment["id"], left)
            for payment in books.payments
            if payment["captured"]
            and order_id in (None, payment["order_id"])
            and (left := payment["amount"] - _disputed(books, payment["id"])) > 0
        ]
        if not open_to_it:
            return None
        payment_id, left = open_to_it[which % len(open_to_it)]
        return await self.world.sandbox.dispute(payment_id, amount=max(1, left * part // 100), phase="fraud")

    @precondition(lambda self: self.visits)
    @rule(which=Which, verdict=st.sampled_from(["lost", "lost", "won", "closed"]), told=st.booleans())
    def a_bank_decides(self, which: int, verdict: str, told: bool) -> None:
        self.run(self._decide_dispute(which, verdict, told=told))

    async def _decide_dispute(self, which: int, verdict: Any, *, told: bool) -> None:
        made = (await self.world.sandbox.books(self.world.account)).disputes
        undecided = [dispute for dispute in made if dispute["status"] == "open"]
        if undecided:
            await self.world.sandbox.decide_dispute(undecided[which % len(undecided)]["id"], verdict)
            if told:
                await self._deliver()

    @precondition(lambda self: self.visits)
    @rule(which=Which, part=Part, back=Part, verdict=st.sampled_from(["lost", "lost", "won"]))
    def cancel_what_is_disputed(self, which: int, part: int, back: int, verdict: str) -> None:
        """What is owed back waits; a lost dispute then has given it, or some of it, already."""
        self.run(self._cancel_disputed(*self.one(which), part, back, verdict))

    async def _cancel_disputed(
        self, visit: Visit, payment_id: str, part: int, back: int, verdict: Any
    ) -> None:
        await self._deliver()
        await self.world.settle()
        shown = await self.world.payment(payment_id)
        if visit.status != "confirmed" or shown["gateway"] == "manual" or await self._failed(visit):
            return
        dispute = await self._dispute(0, part, shown["order_id"])
        if dispute is not None:
            await self._deliver()
            await self.world.settle()
            await self.world.cancel(visit, _price(visit) * back // 100)
            await self.world.settle()
            await self.world.sandbox.decide_dispute(dispute["id"], verdict)
            await self._deliver()

    @precondition(lambda self: self.visits)
    @rule(which=Which, part=Part, verdict=st.sampled_from(["lost", "won"]))
    def a_gateway_withholds_what_is_disputed(self, which: int, part: int, verdict: str) -> None:
        """Not how this gateway describes itself, so that its sandbox does not; but whatever is taken is booked."""
        self.run(self._withhold(which, part, verdict))

    async def _withhold(self, which: int, part: int, verdict: Any) -> None:
        await self._deliver()
        await self.world.settle()
        dispute = await self._dispute(which, part)
        if dispute is not None:
            taken = entities.dispute(dispute | {"amount_deducted": dispute["amount"]})
            for _ in range(2):
                await self.world.db.run(record_dispute, taken, source="gateway")
            await whole(self.world)
            await self.world.sandbox.decide_dispute(dispute["id"], verdict)
            await self._deliver()
            await self.world.settle()

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
        # What a failed refund's money is given back by leaves a deposit behind when the visit ends: not yet mended.
        if visit.status != "confirmed" or self.run(self._failed(visit)):
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

    async def _failed(self, visit: Visit) -> bool:
        """Whether a refund of the visit's has failed."""
        return bool(await self.world.db.fetchval(FAILED, visit.appointment_id))

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


def _disputed(books: Statement, payment_id: str) -> int:
    """What of a payment is disputed, or was lost; what was won or closed may be disputed again."""
    return sum(
        dispute["amount"] if dispute["status"] == "open" else dispute["amount_deducted"]
        for dispute in books.disputes
        if dispute["payment_id"] == payment_id
    )


def _price(visit: Visit) -> int:
    return visit.amount if visit.price is None else visit.price


def play(server: PostgresForTests, process: SandboxProcess, **limits: int) -> None:
    """`whole` says after each step what must hold of the books, and `_end` what must when all is settled."""

    class Here(Money):
        pass

    Here.server, Here.process = server, process
    how = settings(derandomize=True, database=None, deadline=None, **limits)  # type: ignore[arg-type]
    run_state_machine_as_test(Here, settings=how)


@pytest.mark.failure_row(23, 55)
def test_any_mix_of_what_may_happen_to_money_leaves_every_booking_and_every_account_explained(
    postgres_server: PostgresForTests, sandbox_process: SandboxProcess
) -> None:
    play(postgres_server, sandbox_process, max_examples=4, stateful_step_count=16)


@pytest.mark.long
def test_many_mixes_of_what_may_happen_to_money(
    postgres_server: PostgresForTests, sandbox_process: SandboxProcess
) -> None:
    play(postgres_server, sandbox_process, max_examples=30, stateful_step_count=30)
