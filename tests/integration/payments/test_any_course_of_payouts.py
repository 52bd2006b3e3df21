"""Any course of visits, refunds, batches, approvals, failures and returns leaves every doctor owed what is left."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from tests.support.payers import PAYING, WHY, Payer
from tests.support.payments_appointments import Visit
from tests.support.payments_world import ADMIN, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Sandbox


class Course:
    """A clinic with two doctors, and what anybody may do next."""

    def __init__(self, payer: Payer, doctors: list[UUID], chance: random.Random) -> None:
        self.payer, self.doctors, self.chance = payer, doctors, chance
        self.visits: list[Visit] = []
        self.earned = dict.fromkeys(doctors, 0)

    async def hold(self) -> None:
        visit = await self.payer.held(self.chance.choice(self.doctors), self.chance.randrange(10_000, 90_000))
        self.visits.append(visit)
        self.earned[visit.doctor_id] += visit.amount

    async def refund(self) -> None:
        if not self.visits:
            return
        visit = self.visits.pop(self.chance.randrange(len(self.visits)))
        world, amount = self.payer.world, self.chance.randrange(1, visit.amount + 1)
        payment_id = await world.db.fetchval(
            "SELECT payment_id FROM payment_transactions WHERE appointment_id = $1", visit.appointment_id
        )
        assert (await world.refund(str(payment_id), amount, str(uuid4()))).status_code == 201
        refund_id = await world.db.fetchval(
            "SELECT refund_id FROM refunds WHERE appointment_id = $1", visit.appointment_id
        )
        handed = {"method": "cash", "reason_code": "goodwill"}
        await world.ask("POST", f"/api/v1/payments/refunds/{refund_id}/handed-back", f"admin:{ADMIN}", handed)
        self.earned[visit.doctor_id] -= amount

    async def propose(self) -> None:
        await self.payer.admin("POST", "batches", {**WHY, "until": "2099-12-31"})

    async def decide(self) -> None:
        word = self.chance.choice(("approve", "approve", "approve", "discard"))
        for batch in (await self.payer.admin("GET", "batches")).json()["items"]:
            await self.payer.admin("POST", f"batches/{batch['batch_id']}/{word}", WHY)

    async def banks(self) -> None:
        """What is under way ends one way or another, or what was processed comes back; told by webhooks or not."""
        await self.payer.world.settle()
        for payout in (await self.payer.world.sandbox.books(self.payer.world.account)).payouts:
            if payout["status"] == "processing":
                await self.payer.world.sandbox.decide_payout(
                    payout["id"], self.chance.choice(("process", "process", "fail", "reverse"))
                )
            elif payout["status"] == "processed" and self.chance.random() < 0.3:
                await self.payer.world.sandbox.decide_payout(payout["id"], "reverse")
        if self.chance.random() < 0.5:
            await self.payer.world.deliver_all()

    async def retry(self) -> None:
        for status in ("failed", "reversed"):
            for payout in (await self.payer.admin("GET", f"?status={status}")).json()["items"]:
                await self.payer.retry(payout["payout_id"])

    async def step(self) -> None:
        acts: list[Callable[[], Awaitable[None]]] = [
            self.hold, self.hold, self.refund, self.propose, self.decide, self.banks, self.retry,
        ]  # fmt: skip
        await self.chance.choice(acts)()

    async def must_add_up(self) -> None:
        """All is told; then what was earned is what was paid and what is owed, by the bank's books too."""
        world = self.payer.world
        await world.move(days=2)
        await world.settle()
        await world.deliver_all()
        await world.settle()
        rows = await world.db.fetch(
            "SELECT doctor_id, sum(amount)::bigint AS paid FROM doctor_payouts"
            " WHERE status IN ('approved', 'queued', 'processing', 'processed') GROUP BY doctor_id"
        )
        paid = {row["doctor_id"]: row["paid"] for row in rows}
        for doctor_id in self.doctors:
            owed = (await self.payer.balance(doctor_id))["owed"]
            assert self.earned[doctor_id] == paid.get(doctor_id, 0) + owed, doctor_id
        processed = await world.db.fetchval(
            "SELECT coalesce(sum(amount), 0)::bigint FROM doctor_payouts WHERE status = 'processed'"
        )
        assert (await self.payer.paid_out())[0] == processed
        await world.audit()


async def _walk(databases: Databases, sandbox: Sandbox, seed: int, steps: int) -> None:
    async with payments_world(databases, sandbox, **PAYING) as world:
        payer = Payer(world)
        await payer.behave(payout_mode="manual")
        course = Course(payer, [await payer.doctor(), await payer.doctor()], random.Random(seed))
        await course.hold()
        await course.propose()
        await course.decide()
        for _ in range(steps):
            await course.step()
        await course.must_add_up()
        assert sum(course.earned.values()) > 0


async def test_a_short_course_leaves_every_doctor_owed_what_is_left(
    databases: Databases, sandbox: Sandbox
) -> None:
    await _walk(databases, sandbox, 7, 10)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
async def test_any_course_leaves_every_doctor_owed_what_is_left(
    databases: Databases, sandbox: Sandbox, seed: int
) -> None:
    await _walk(databases, sandbox, seed, 40)
