"""What a visit earns, divided; and any mix of what may happen to money leaves the books whole."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import pytest_asyncio

from tests.support.payments_world import ADMIN, PRICE, Visit, World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Sandbox

EARNED = ("doctor_payable", "platform_revenue", "gst_output")
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
# What each of these accounts must hold, by the rows that are not the ledger's.
EXPLAINED = """
SELECT 'refund_pending' AS account, -coalesce(sum(amount) FILTER (WHERE status = 'pending'), 0) AS amount FROM refunds
UNION ALL SELECT 'gateway_clearing', (SELECT coalesce(sum(a.captured_amount - coalesce(a.fee, 0)), 0)
    FROM payment_attempts a JOIN payment_transactions p USING (payment_id)
    WHERE p.gateway <> 'manual' AND a.captured_amount > 0)
    - (SELECT coalesce(sum(r.amount), 0) FROM refunds r JOIN payment_transactions p USING (payment_id)
    WHERE p.gateway <> 'manual' AND r.status = 'processed')
UNION ALL SELECT 'cash', (SELECT coalesce(sum(captured_amount), 0) FROM payment_transactions WHERE gateway = 'manual')
    - (SELECT coalesce(sum(r.amount), 0) FROM refunds r JOIN manual_refunds USING (refund_id))
"""


@pytest_asyncio.fixture
async def world(databases: Databases, sandbox: Sandbox) -> AsyncIterator[World]:
    async with payments_world(databases, sandbox, commission_percent=Decimal(20)) as running:
        yield running
        await running.settle()
        await running.audit()


async def confirmed(world: World, visit: Visit | None = None) -> tuple[Visit, str]:
    visit = visit or world.visit()
    begun = await world.initiate(visit)
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.settle()
    return visit, str(begun["payment_id"])


async def shares(world: World) -> tuple[int, ...]:
    ledger = await world.ledger()
    return tuple(-ledger.get(account, 0) for account in EARNED)


@pytest.mark.failure_row(55)
async def test_a_visits_money_is_its_doctors_less_the_commission_whose_tax_is_named(world: World) -> None:
    visit, _ = await confirmed(world)
    await world.complete(visit)
    assert await shares(world) == (40_000, 8_475, 1_525)
    rows = await world.db.fetch("SELECT DISTINCT doctor_id FROM ledger_transactions")
    assert [row["doctor_id"] for row in rows] == [visit.doctor_id]


async def test_a_refund_after_the_visit_takes_the_commission_back_with_it(world: World) -> None:
    visit, payment_id = await confirmed(world)
    await world.complete(visit)
    await world.refund(payment_id, PRICE // 2, "half")
    assert await shares(world) == (20_000, 4_237, 763)
    await world.refund(payment_id, PRICE // 2, "rest")
    assert await shares(world) == (0, 0, 0)


@pytest.mark.failure_row(57)
async def test_what_was_earned_keeps_its_terms_when_the_setting_changes(
    databases: Databases, sandbox: Sandbox
) -> None:
    async with payments_world(databases, sandbox, commission_percent=Decimal(20)) as first:
        visit, payment_id = await confirmed(first)
        await first.complete(visit)
        second = first.parts.settings.model_copy(update={"commission_percent": Decimal(50)})
        assert second.terms.divide(PRICE).doctor == 25_000
        await first.refund(payment_id, PRICE // 2, "half")
        row = await first.db.fetchrow("SELECT commission_percent, commission_tax_percent FROM payment_cases")
        assert tuple(row or ()) == (Decimal(20), Decimal(18))
        assert await shares(first) == (20_000, 4_237, 763)


class Chances:
    """A few bookings, and what may happen to each."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.visits: list[tuple[Visit, str]] = []
        self.number = 0

    async def happen(self) -> None:
        deed = self.chance.choice(
            [self.pay, self.pay, self.at_desk, self.twice, self.refund, self.refund, self.failing_refund,
             self.late_failure, self.move, self.end, self.end, self.hand_back, self.correct]
        )  # fmt: skip
        self.number += 1
        await deed()
        if self.chance.random() < 0.5:
            await self.world.settle()

    def one(self, *statuses: str) -> tuple[Visit, str] | None:
        fitting = [(visit, pay) for visit, pay in self.visits if not statuses or visit.status in statuses]
        return self.chance.choice(fitting) if fitting else None

    async def pay(self) -> None:
        self.visits.append(await confirmed(self.world, self.world.visit(self.chance.randint(101, 90_000))))

    async def at_desk(self) -> None:
        visit = self.world.visit(self.chance.randint(101, 90_000))
        answer = await self.world.receive(visit, f"r{self.number}")
        await self.world.settle()
        self.visits.append((visit, answer.json()["payment_id"]))

    async def twice(self) -> None:
        if (one := self.one()) and (shown := await self.world.payment(one[1]))["gateway"] != "manual":
            await self.world.sandbox.pay(shown["order_id"], outcome="captured", force=True)
            await self.world.deliver_all()

    async def refund(self) -> None:
        if one := self.one():
            shown = await self.world.payment(one[1])
            most = shown["captured_amount"] - sum(
                refund["amount"]
                for refund in shown["refunds"]
                if refund["status"] in ("pending", "processed")
            )
            wanted = self.chance.randint(1, max(1, shown["captured_amount"]))
            answer = await self.world.refund(one[1], wanted, f"k{self.number}")
            assert answer.status_code == 201 or wanted > most or len(shown["attempts"]) > 1, answer.text

    async def failing_refund(self) -> None:
        await self.world.sandbox.add_fault(
            self.world.account, "payments.refund", "http-400", description="Not possible"
        )
        await self.refund()
        await self.world.settle()

    async def late_failure(self) -> None:
        done = [
            r
            for r in (await self.world.sandbox.books(self.world.account)).refunds
            if r["status"] == "processed"
        ]
        if done:
            await self.world.sandbox.fail_refund(self.chance.choice(done)["id"])
            await self.world.deliver_all()

    async def move(self) -> None:
        if one := self.one("confirmed"):
            now = one[0].amount if one[0].price is None else one[0].price
            await self.world.tell(self.world.moved(one[0], self.chance.randint(1, now)))

    async def end(self) -> None:
        if one := self.one("confirmed"):
            visit = one[0]
            now = visit.amount if visit.price is None else visit.price
            match self.chance.randrange(4):
                case 0:
                    await self.world.cancel(visit, self.chance.randint(0, now))
                case 1:
                    await self.world.no_show(visit, self.chance.choice(["patient", "doctor"]))
                case _:
                    await self.world.complete(visit)

    async def hand_back(self) -> None:
        owed = await self.world.db.fetch(
            "SELECT refund_id FROM refunds JOIN payment_transactions USING (payment_id)"
            " WHERE gateway = 'manual' AND refunds.status = 'pending' ORDER BY refund_id LIMIT 1"
        )
        for row in owed:
            path = f"/api/v1/payments/refunds/{row['refund_id']}/handed-back"
            await self.world.ask("POST", path, f"admin:{ADMIN}", {"reason_code": "given"})

    async def correct(self) -> None:
        entries = [
            {"account": "bank", "amount": self.number},
            {"account": "suspense", "amount": -self.number},
        ]
        answer = await self.world.ask(
            "POST", "/api/v1/ledger/corrections", f"admin:{ADMIN}", {"entries": entries, "reason": "Found money"},
            headers={"idempotency-key": f"c{self.number}"},
        )  # fmt: skip
        assert answer.status_code == 201


async def whole(world: World) -> None:
    """Each booking's money is somewhere, and each account holds what the facts say."""
    for row in await world.db.fetch(BOOKINGS):
        assert row["captured"] == row["held"] + row["earned"] + row["refunded"] + row["failed"], dict(row)
    ledger = await world.ledger()
    assert sum(ledger.values()) == 0
    for row in await world.db.fetch(EXPLAINED):
        assert ledger.get(row["account"], 0) == row["amount"], row["account"]
    unexplained = await world.db.fetchval(
        "SELECT count(*) FROM (SELECT FROM ledger_entries GROUP BY transaction_id HAVING sum(amount) <> 0) t"
    )
    assert unexplained == 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.failure_row(55)
async def test_any_mix_of_what_may_happen_to_money_leaves_every_booking_and_every_account_explained(
    world: World, seed: int
) -> None:
    chances = Chances(world, seed)
    for _ in range(25):
        await chances.happen()
        await whole(world)
    await world.settle()
    await whole(world)
