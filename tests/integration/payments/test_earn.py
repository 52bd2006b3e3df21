"""What a visit earns, divided between its doctor, our commission and its tax."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Json, Sandbox

EARNED = ("doctor_payable", "platform_revenue", "gst_output")


@pytest.fixture
def settings() -> Json:
    return {"commission_percent": Decimal(20)}


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


async def test_the_tax_that_the_receipt_names_is_posted_when_the_visit_is_earned_and_comes_back_with_refunds(
    databases: Databases, sandbox: Sandbox
) -> None:
    async with payments_world(
        databases, sandbox, commission_percent=Decimal(20), service_tax_percent=5
    ) as world:
        world.parts.settings.service_tax_percent = 18  # by when its receipt is issued
        visit, payment_id = await confirmed(world, world.visit(59_000))
        assert (await world.ledger())["patient_deposit"] == -59_000
        await world.complete(visit)
        assert await shares(world) == (40_000, 8_475, 9_000 + 1_525)
        await world.refund(payment_id, 29_500, "half")
        assert await shares(world) == (20_000, 4_237, 4_500 + 763)
        await world.refund(payment_id, 29_500, "rest")
        assert await shares(world) == (0, 0, 0)
        await world.settle()
        await world.audit()
