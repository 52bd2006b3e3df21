"""The same facts about a payout give the same end in any order, with any of them twice."""

from __future__ import annotations

import random
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from niyat.payments.commands.record_payout import record_payout
from niyat.payments.payouts import PayoutFact, PayoutStatus
from tests.support.payers import PAYING, Payer
from tests.support.payments_appointments import PRICE
from tests.support.payments_world import payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Sandbox

S = PayoutStatus
COURSES = (
    (S.QUEUED, S.PROCESSING, S.PROCESSED),
    (S.PROCESSING, S.PROCESSED, S.REVERSED),
    (S.QUEUED, S.PROCESSING, S.FAILED),
    (S.PROCESSING, S.REVERSED),
)


def _orders(course: tuple[PayoutStatus, ...], few: int | None) -> list[tuple[PayoutStatus, ...]]:
    every = sorted({order for once in course for order in permutations((*course, once))})
    return every if few is None else random.Random(5).sample(every, few)


async def _ends(payer: Payer, orders: list[tuple[PayoutStatus, ...]]) -> set[tuple[Any, ...]]:
    """How payouts end whose facts come in these orders."""
    world, ends = payer.world, set()
    for order in orders:
        doctor_id = await payer.doctor()
        payout_id = await payer.approved(doctor_id)
        for status in order:
            fact = PayoutFact(
                f"pout_{payout_id[-12:]}", PRICE, "INR", status, UUID(payout_id), fee=590, tax=90
            )
            await world.db.run(record_payout, fact, source="webhook")
        row = await world.db.fetchrow(
            "SELECT status, gateway_payout_id IS NULL FROM doctor_payouts WHERE payout_id = $1",
            UUID(payout_id),
        )
        assert row is not None
        entries = await world.db.fetch(
            "SELECT account, sum(amount)::bigint FROM ledger_entries e JOIN ledger_transactions t"
            " ON t.id = e.transaction_id WHERE t.doctor_id = $1 GROUP BY 1 HAVING sum(amount) <> 0 ORDER BY 1",
            doctor_id,
        )
        # What came to nothing is owed again, and would be in the next batch.
        await world.db.execute("DELETE FROM doctor_fund_accounts WHERE doctor_id = $1", doctor_id)
        ends.add((*row, *map(tuple, entries)))
    return ends


async def _course_ends_in_one_way(
    databases: Databases, sandbox: Sandbox, course: tuple[PayoutStatus, ...], few: int | None
) -> None:
    async with payments_world(databases, sandbox, **PAYING) as world:
        payer = Payer(world)
        ends = await _ends(payer, _orders(course, few))
        assert [end[0] for end in ends] == [course[-1].value]
        await world.audit()


@pytest.mark.parametrize("course", COURSES, ids=lambda course: course[-1].value)
async def test_facts_in_some_orders_end_in_the_same_way(
    databases: Databases, sandbox: Sandbox, course: tuple[PayoutStatus, ...]
) -> None:
    await _course_ends_in_one_way(databases, sandbox, course, 2)


@pytest.mark.long
@pytest.mark.parametrize("course", COURSES, ids=lambda course: course[-1].value)
async def test_facts_in_every_order_end_in_the_same_way(
    databases: Databases, sandbox: Sandbox, course: tuple[PayoutStatus, ...]
) -> None:
    await _course_ends_in_one_way(databases, sandbox, course, None)
