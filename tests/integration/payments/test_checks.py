"""Every eye of the audit sees the breakage that it is for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from niyat.payments.checks import CHECKS
from niyat.payments.commands.issue_receipt import issue_receipts
from tests.support.payments_appointments import PRICE
from tests.support.payments_world import World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Sandbox


@pytest_asyncio.fixture
async def world(databases: Databases, sandbox: Sandbox) -> AsyncIterator[World]:
    async with payments_world(databases, sandbox) as running:
        yield running


async def found(world: World) -> set[str]:
    conn = await asyncpg.connect(world.audit_url)
    try:
        return {
            check.name for check in CHECKS if await conn.fetch(check.sql, *([0] if "$1" in check.sql else []))
        }
    finally:
        await conn.close()


async def paid(world: World) -> str:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    return str(begun["payment_id"])


async def test_kept_money_that_nobody_confirmed_is_found(world: World) -> None:
    await paid(world)
    await issue_receipts(world.parts)
    assert await found(world) == {"captured-money-has-a-place"}


async def test_a_capture_without_its_receipt_and_a_refund_without_its_note_are_found(world: World) -> None:
    payment_id = await paid(world)
    assert "every-capture-has-its-receipt" in await found(world)
    await world.settle()
    assert await found(world) == set()
    await world.refund(payment_id, PRICE, "k")
    for job in world.service.jobs:
        if job.name != "payments: issue receipts":
            await job.run()
    assert await found(world) == {"every-capture-has-its-receipt"}


RECEIPTS_DAMAGE = [
    ("every-capture-has-its-receipt", "UPDATE receipts SET amount = amount - 1 WHERE series = 'R'"),
    ("every-capture-has-its-receipt", "DELETE FROM receipts WHERE series = 'N'"),
    ("no-receipt-without-money", "UPDATE refunds SET status = 'pending'"),
    (
        "no-receipt-without-money",
        "UPDATE payment_attempts SET captured_amount = 0, captured_at = NULL, step = 'idle'",
    ),
    ("receipts-have-no-holes", "UPDATE receipt_series SET last_number = last_number + 1"),
    ("receipts-have-no-holes", "UPDATE receipts SET number = number + 1"),
    ("receipts-have-no-holes", "DELETE FROM receipts WHERE series = 'N'"),
]


@pytest.mark.parametrize(("name", "damage"), RECEIPTS_DAMAGE)
async def test_damaged_receipts_are_found(world: World, name: str, damage: str) -> None:
    """Done past the database's own guards, as its owner could."""
    payment_id = await paid(world)
    await world.settle()
    await world.refund(payment_id, PRICE, "k")
    await world.settle()
    assert await found(world) == set()
    owner = await asyncpg.connect(world.clock_url)
    try:
        await owner.execute(f"SET session_replication_role = replica; {damage}")
    finally:
        await owner.close()
    assert name in await found(world)


async def test_a_failed_refund_excuses_no_more_than_it_owes(world: World) -> None:
    payment_id = await paid(world)
    await world.settle()
    assert await found(world) == set()
    await world.sandbox.add_fault(world.account, "payments.refund", "http-400", description="Not possible")
    await world.refund(payment_id, 100, "k")
    await world.settle()
    assert (await world.payment(payment_id))["refunds"][0]["status"] == "failed"
    assert await found(world) == set()
    await world.db.execute("UPDATE payment_cases SET confirmed_payment_id = NULL")
    assert await found(world) == {"captured-money-has-a-place"}


EARNED_IN_FULL_BY_US = """
WITH t AS (INSERT INTO ledger_transactions (external_key, appointment_id, event_at)
    SELECT 'x', appointment_id, niyat_now() FROM payment_cases RETURNING id)
INSERT INTO ledger_entries (transaction_id, account, amount, currency)
SELECT id, account, amount, 'INR' FROM t, (VALUES ('patient_deposit', 9), ('platform_revenue', -9)) e (account, amount)
"""
DAMAGE = [
    ("the-desk-has-its-receipts", "UPDATE payment_transactions SET gateway = 'manual'"),
    ("money-is-where-it-was-taken", "UPDATE payment_transactions SET gateway = 'manual'"),
    (
        "the-desk-hands-back",
        """
        WITH d AS (UPDATE payment_transactions SET gateway = 'manual')
        UPDATE refunds SET created_at = niyat_now() - interval '15 days'
        """,
    ),
    ("what-went-back-is-known", "UPDATE payment_attempts SET gateway_refunded = 40000"),
    ("commission-is-its-share", EARNED_IN_FULL_BY_US),
    (
        "commission-is-its-share",
        EARNED_IN_FULL_BY_US.replace(
            "WITH t", "WITH c AS (UPDATE payment_cases SET service_tax_percent = 18), t"
        ),
    ),
    (
        "pending-refunds-are-in-their-account",
        "UPDATE refunds SET amount = amount - 1, from_deposit = 0",
    ),
    (
        "nothing-lapses-for-ever",
        """
        INSERT INTO payment_attempts (gateway_payment_id, payment_id, appointment_id, status, step, amount, currency,
            updated_at)
        SELECT 'pay_x', payment_id, appointment_id, 'authorized', 'lapsing', 1, 'INR', niyat_now() - interval '7 days'
        FROM payment_transactions
        """,
    ),
    (
        "no-refund-stays-pending",
        "UPDATE refunds SET gateway_refund_id = 'rfnd_x', created_at = niyat_now() - interval '15 days'",
    ),
]


@pytest.mark.parametrize(("name", "damage"), DAMAGE, ids=[name for name, _ in DAMAGE])
async def test_planted_damage_is_found(world: World, name: str, damage: str) -> None:
    payment_id = await paid(world)
    await world.settle()
    await world.refund(payment_id, PRICE // 2, "k")
    await world.db.execute(damage)
    assert name in await found(world)


async def test_a_deposit_of_a_visit_that_is_over_is_found(world: World) -> None:
    await paid(world)
    await world.settle()
    await world.db.execute("UPDATE payment_cases SET earned_at = niyat_now()")
    assert await found(world) == {"no-deposit-outlives-its-visit"}


async def test_the_difference_of_a_move_that_did_not_go_back_is_found(world: World) -> None:
    await paid(world)
    await world.settle()
    await world.db.execute("UPDATE payment_cases SET moved_back = 1")
    assert await found(world) == {"captured-money-has-a-place"}


async def test_more_earned_than_the_price_and_a_doctor_who_owes_are_found(world: World) -> None:
    await paid(world)
    await world.settle()
    await world.db.execute(
        """
        WITH t AS (INSERT INTO ledger_transactions (external_key, appointment_id, event_at)
            SELECT 'appt:' || appointment_id || ':earned', appointment_id, niyat_now() FROM payment_cases RETURNING id)
        INSERT INTO ledger_entries (transaction_id, account, amount, currency)
        SELECT id, account, amount, 'INR' FROM t,
            (VALUES ('patient_deposit', 50001), ('doctor_payable', 9), ('platform_revenue', -50010)) e (account, amount)
        """
    )
    assert {"earned-at-most-the-price", "no-doctor-owes"} <= await found(world)


async def test_a_doctors_posting_without_its_doctor_is_found(world: World) -> None:
    await world.db.execute(
        """
        WITH t AS (INSERT INTO ledger_transactions (external_key, event_at) VALUES ('x', niyat_now()) RETURNING id)
        INSERT INTO ledger_entries (transaction_id, account, amount, currency)
        SELECT id, account, amount, 'INR' FROM t, (VALUES ('bank', 9), ('doctor_payable', -9)) e (account, amount)
        """
    )
    assert await found(world) == {"doctors-money-names-its-doctor"}


async def test_a_posting_in_a_closed_period_is_found(world: World) -> None:
    await paid(world)
    await world.settle()
    owner = await asyncpg.connect(world.clock_url)
    await owner.execute(
        """
        INSERT INTO ledger_periods (period_id, closed_until, reason, closed_by)
            VALUES (gen_random_uuid(), '2026-01-31', 'closed', gen_random_uuid());
        ALTER TABLE ledger_transactions DISABLE TRIGGER ledger_transactions_are_booked;
        WITH t AS (INSERT INTO ledger_transactions (external_key, event_at, booked_on)
            VALUES ('x', niyat_now(), '2026-01-31') RETURNING id)
        INSERT INTO ledger_entries (transaction_id, account, amount, currency)
        SELECT id, account, amount, 'INR' FROM t, (VALUES ('bank', 9), ('suspense', -9)) e (account, amount)
        """
    )
    await owner.close()
    assert await found(world) == {"nothing-is-booked-into-a-closed-period"}
