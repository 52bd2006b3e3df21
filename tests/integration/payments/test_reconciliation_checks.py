"""Every eye of the audit on settlements and disputes sees the breakage that it is for."""

from __future__ import annotations

import asyncpg

from niyat.payments.reconciliation_checks import RECONCILIATION_CHECKS
from tests.support.payments_world import World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Sandbox
from tests.support.settling import paid, read_report, settled

POISON = [
    ("the-bank-has-what-was-settled", "UPDATE settlements SET amount = amount + 1"),
    (
        "the-bank-has-what-was-settled",
        "UPDATE ledger_transactions SET external_key = 'setl:setl_x:' || id WHERE external_key LIKE 'setl:%'",
    ),
    (
        "suspense-is-named",
        "UPDATE reconciliation_differences SET status = 'explained', explained_at = niyat_now(), reason = 'x'",
    ),
    ("every-settled-row-is-explained", "DELETE FROM settlement_matches"),
    ("settled-money-has-left-clearing", "UPDATE settlement_matches SET expected = expected + 1"),
    (
        "disputes-are-booked",
        "UPDATE disputes SET amount_deducted = amount_deducted + 1 WHERE decided_at IS NOT NULL",
    ),
    ("disputes-are-booked", "UPDATE disputes SET amount_deducted = 1 WHERE decided_at IS NULL"),
    (
        "disputes-give-at-most-what-they-took",
        (
            "INSERT INTO refunds_by_dispute (refund_id, dispute_id)"
            " SELECT refund_id, dispute_id FROM refunds, disputes WHERE decided_at IS NOT NULL"
        ),
    ),
    (
        "nothing-is-refunded-while-disputed",
        "UPDATE disputes SET created_at = created_at - interval '30 days' WHERE decided_at IS NULL",
    ),
    (
        "reports-are-read",
        (
            "INSERT INTO reconciliation_runs (run_id, day, asked_at)"
            " VALUES (gen_random_uuid(), '2026-01-01', niyat_now() - interval '2 days')"
        ),
    ),
]


async def found(world: World) -> set[str]:
    conn = await asyncpg.connect(world.audit_url)
    try:
        return {
            check.name
            for check in RECONCILIATION_CHECKS
            if await conn.fetch(check.sql, *([0] if "$1" in check.sql else []))
        }
    finally:
        await conn.close()


async def test_every_poison_is_found_and_nothing_without_it(databases: Databases, sandbox: Sandbox) -> None:
    """Done past the database's own guards, as its owner could, and taken back each time."""
    async with payments_world(databases, sandbox) as world:
        _, first, _ = await paid(world)
        _, _, lost = await paid(world)
        _, _, missing = await paid(world)
        await world.refund(first["payment_id"], 100, "k")
        await world.settle()
        decided = await world.sandbox.dispute(lost)
        await world.sandbox.decide_dispute(decided["id"], "lost")
        await world.sandbox.dispute(
            (await world.payment(first["payment_id"]))["attempts"][0]["gateway_payment_id"]
        )
        await world.deliver_all([one for one in await world.webhooks() if "dispute" in one["body"]])
        settlement = await settled(world)
        await world.sandbox.spoil_report(settlement["id"], "missing", missing)
        await read_report(world)
        assert await found(world) == set()
        owner = await asyncpg.connect(world.clock_url)
        try:
            for name, damage in POISON:
                await _poisoned(owner, name, damage)
        finally:
            await owner.close()
        assert {name for name, _ in POISON} == {check.name for check in RECONCILIATION_CHECKS}


async def _poisoned(owner: asyncpg.Connection[asyncpg.Record], name: str, damage: str) -> None:
    (check,) = [one for one in RECONCILIATION_CHECKS if one.name == name]
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(damage)
        assert await owner.fetch(check.sql, *([0] if "$1" in check.sql else [])), (name, damage)
    finally:
        await transaction.rollback()


def test_no_check_has_the_name_of_another() -> None:
    names = [check.name for check in RECONCILIATION_CHECKS]
    assert len(names) == len(set(names))
