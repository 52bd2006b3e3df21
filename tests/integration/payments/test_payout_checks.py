"""Every eye of the audit on payouts sees the breakage that it is for."""

from __future__ import annotations

import asyncpg

from niyat.payments.checks import CHECKS
from tests.support.payers import PAYING, Payer
from tests.support.payments_world import payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Sandbox

POSTED = """
WITH t AS (INSERT INTO ledger_transactions (external_key, event_at, doctor_id)
    VALUES ('{key}', niyat_now(), gen_random_uuid()) RETURNING id)
INSERT INTO ledger_entries (transaction_id, account, amount, currency)
SELECT id, account, amount, 'INR' FROM t, (VALUES ('{debit}', 9), ('{credit}', -9)) e (account, amount)
"""
STRAY = POSTED.format(
    key="payout:00000000-0000-0000-0000-000000000001:x", debit="suspense", credit="payout_pending"
)
DAMAGE = [
    ("payouts-are-in-the-ledger", "UPDATE doctor_payouts SET status = 'failed'"),
    ("payouts-are-in-the-ledger", "UPDATE doctor_payouts SET amount = amount - 1"),
    ("payouts-are-in-the-ledger", STRAY),
    ("no-payout-stays-unsent", "UPDATE doctor_payouts SET status = 'approved'"),
    (
        "no-payout-stays-under-way",
        "UPDATE doctor_payouts SET status = 'processing', updated_at = niyat_now() - interval '15 days'",
    ),
    ("only-what-came-back-is-paid-again", "UPDATE doctor_payouts SET retry_of = payout_id"),
    ("nothing-is-paid-without-approval", "UPDATE payout_batches SET status = 'discarded'"),
    ("nothing-is-paid-without-approval", "UPDATE doctor_payouts SET status = 'pending'"),
    ("debts-are-debts", POSTED.format(key="debt:x", debit="suspense", credit="doctor_receivable")),
]


async def test_planted_damage_of_payouts_is_found(databases: Databases, sandbox: Sandbox) -> None:
    """Done past the database's own guards, as its owner could, and taken back."""
    async with payments_world(databases, sandbox, **PAYING) as world:
        payer = Payer(world)
        await payer.approved(await payer.doctor())
        await payer.settled()
        await world.audit()
        owner = await asyncpg.connect(world.clock_url)
        try:
            for name, damage in DAMAGE:
                trial = owner.transaction()
                await trial.start()
                # Without `replica` a row has no day in the books; nothing else of it matters here.
                await owner.execute(
                    "ALTER TABLE ledger_transactions ALTER booked_on SET DEFAULT '2026-01-01'"
                )
                await owner.execute("SET LOCAL session_replication_role = replica")
                await owner.execute(damage)
                (check,) = (one for one in CHECKS if one.name == name)
                assert await owner.fetch(check.sql, *([0] if "$1" in check.sql else [])), (name, damage)
                await trial.rollback()
        finally:
            await owner.close()
