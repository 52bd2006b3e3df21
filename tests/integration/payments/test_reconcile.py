"""The gateway's report against our books: what agrees is booked, what differs is named, and nothing else is."""

from __future__ import annotations

import asyncio
import random
from datetime import date, datetime

import asyncpg
import pytest

from niyat.payments.adapters.razorpay_records import RazorpayRecords
from niyat.payments.adapters.razorpay_records_entities import settlement_row
from niyat.payments.commands.ask_reconciliation import ask_for_day
from niyat.payments.commands.close_settlement import close_settlement
from niyat.payments.commands.reconcile import reconcile
from niyat.payments.commands.record_row import record_row
from niyat.payments.records import SettlementRow
from tests.support.payments_appointments import PRICE
from tests.support.payments_world import World
from tests.support.sandbox import Json
from tests.support.settling import FEE, INDIA, differences, paid, read_report, settled

NET = PRICE - FEE


async def test_money_that_is_settled_leaves_clearing_for_the_bank(world: World) -> None:
    _, first, _ = await paid(world)
    await paid(world)
    await world.refund(first["payment_id"], 10_000, "k")
    await world.settle()
    settlement = await settled(world)
    await read_report(world)
    assert await differences(world) == []
    ledger = await world.ledger()
    assert ledger["bank"] == settlement["amount"] == 2 * NET - 10_000
    assert "gateway_clearing" not in ledger
    assert "suspense" not in ledger


@pytest.mark.failure_row(54)
async def test_every_seeded_discrepancy_is_named_and_nothing_else_is(world: World) -> None:
    attempts = [(await paid(world))[2] for _ in range(5)]
    settlement = await settled(world)
    await world.sandbox.spoil_report(settlement["id"], "missing", attempts[1])
    await world.sandbox.spoil_report(settlement["id"], "doubled", attempts[2])
    await world.sandbox.spoil_report(settlement["id"], "one-paisa-off", attempts[3])
    unknown = await world.sandbox.spoil_report(settlement["id"], "unknown", attempts[4])
    named = sorted(
        [
            ("missing", attempts[1], -NET),
            ("doubled", attempts[2], NET),
            ("amount-differs", attempts[3], -1),
            ("unknown", unknown["entity_id"], NET),
        ]
    )
    for _ in range(2):
        await read_report(world)
        assert await differences(world) == named
    ledger = await world.ledger()
    assert ledger["bank"] == settlement["amount"]
    assert (ledger["suspense"], ledger["gateway_clearing"]) == (-NET, NET)
    await world.move(days=30)
    await read_report(world)
    assert await differences(world) == named


@pytest.mark.parametrize("seed", range(3))
async def test_any_mix_of_flaws_is_found_row_by_row(world: World, seed: int) -> None:
    chance = random.Random(seed)
    attempts = [(await paid(world))[2] for _ in range(4)]
    settlement = await settled(world)
    flaws = [chance.choice(["missing", "doubled", "one-paisa-off", "unknown", None]) for _ in attempts]
    wanted = []
    for attempt, flaw in zip(attempts, flaws, strict=True):
        if flaw is None:
            continue
        row = await world.sandbox.spoil_report(settlement["id"], flaw, attempt)  # type: ignore[arg-type]
        kind = "amount-differs" if flaw == "one-paisa-off" else flaw
        amount = {"missing": -NET, "one-paisa-off": -1}.get(flaw, NET)
        wanted.append((kind, row["entity_id"], amount))
    await read_report(world)
    assert await differences(world) == sorted(wanted)
    if flaws != ["missing"] * len(flaws):
        assert (await world.ledger())["bank"] == settlement["amount"]


async def bring_back(world: World, row: Json) -> None:
    """A later report has this row."""
    day = await world.db.fetchval(
        "SELECT day FROM settlements WHERE settlement_id = $1", row["settlement_id"]
    )
    await world.db.run(record_row, settlement_row(row), 1, day)
    await world.db.run(close_settlement, row["settlement_id"])


async def test_a_row_that_comes_late_explains_what_was_missing(world: World) -> None:
    _, _, attempt = await paid(world)
    await paid(world)
    settlement = await settled(world)
    row = await world.sandbox.spoil_report(settlement["id"], "missing", attempt)
    await read_report(world)
    assert await differences(world) == [("missing", attempt, -NET)]
    await bring_back(world, row)
    await read_report(world)
    assert await differences(world) == []
    assert await differences(world, "explained") == [("missing", attempt, -NET)]
    ledger = await world.ledger()
    assert ledger["bank"] == settlement["amount"]
    assert not {"suspense", "gateway_clearing"} & ledger.keys()


async def test_a_capture_that_nobody_told_us_of_is_found_by_its_row(world: World) -> None:
    """Its webhooks were lost, and so was our poll of its order."""
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"], outcome="captured")
    await world.db.execute("UPDATE payment_transactions SET poll_at = NULL")
    await settled(world)
    await read_report(world)
    assert await differences(world) == []
    assert visit.status == "confirmed"
    assert (await world.ledger())["bank"] == NET


async def test_a_refund_that_failed_and_its_reversal_are_both_matched(world: World) -> None:
    _, begun, _ = await paid(world)
    await paid(world)
    await world.refund(begun["payment_id"], 10_000, "k")
    await world.settle()
    (refund,) = (await world.sandbox.books(world.account)).refunds
    await world.sandbox.fail_refund(refund["id"])
    await world.deliver_all()
    settlement = await settled(world)
    await read_report(world)
    assert await differences(world) == []
    ledger = await world.ledger()
    assert (ledger["bank"], ledger["refund_owed"]) == (settlement["amount"], -10_000)
    assert "gateway_clearing" not in ledger


async def test_what_a_lost_dispute_took_is_matched_although_its_webhook_was_lost(world: World) -> None:
    _, _, attempt = await paid(world)
    await paid(world)
    dispute = await world.sandbox.dispute(attempt, amount=20_000)
    await world.sandbox.decide_dispute(dispute["id"], "lost")
    settlement = await settled(world)
    await world.db.execute("UPDATE gateway_lists SET next_at = niyat_now() + interval '90 days'")
    await read_report(world)
    assert await differences(world) == []
    ledger = await world.ledger()
    assert (ledger["bank"], ledger["chargeback_loss"]) == (settlement["amount"], 20_000)
    assert "gateway_clearing" not in ledger


async def test_what_is_in_no_report_for_a_week_is_missing(world: World) -> None:
    _, _, attempt = await paid(world)
    await world.move(days=6)
    await read_report(world)
    assert await differences(world) == []
    await world.move(days=2)
    await read_report(world)
    await read_report(world)
    assert await differences(world) == [("missing", attempt, -NET)]
    settlement = await settled(world)
    day = datetime.fromtimestamp(settlement["created_at"], INDIA).date()
    await world.db.run(ask_for_day, day)
    await world.settle()
    assert await differences(world) == []


async def test_a_fee_that_only_the_report_knows_is_booked_with_it(world: World) -> None:
    _, _, attempt = await paid(world)
    await settled(world)
    owner = await asyncpg.connect(world.clock_url)
    await owner.execute(FEE_UNTOLD)
    await owner.close()
    assert (await world.ledger())["gateway_clearing"] == PRICE
    await read_report(world)
    assert await differences(world) == []
    ledger = await world.ledger()
    assert (ledger["gateway_fee"], ledger["gst_input"], ledger["bank"]) == (1000, 180, NET)
    assert (
        await world.db.fetchval("SELECT fee FROM payment_attempts WHERE gateway_payment_id = $1", attempt)
        == FEE
    )


FEE_UNTOLD = """
SET session_replication_role = replica;
DELETE FROM ledger_entries USING ledger_transactions t WHERE t.id = transaction_id AND t.external_key LIKE '%:fee';
DELETE FROM ledger_transactions WHERE external_key LIKE '%:fee';
UPDATE payment_attempts SET fee = NULL, tax = NULL;
"""


async def test_another_fee_than_at_the_capture_is_named(world: World) -> None:
    _, _, attempt = await paid(world)
    settlement = await settled(world)
    (row,) = await _report(world)
    charged = row | {"fee": FEE + 100, "tax": 195, "credit": row["credit"] - 100}
    await world.db.execute(SETTLED, settlement["id"], settlement["amount"])
    day = await world.db.fetchval("SELECT day FROM settlements")
    await world.db.run(record_row, settlement_row(charged), 1, day)
    await world.db.run(close_settlement, settlement["id"])
    assert await differences(world) == [("fee-differs", attempt, -100)]
    await world.db.run(record_row, settlement_row(row), 1, day)
    assert await differences(world) == [("changed", attempt, 100), ("fee-differs", attempt, -100)]


SETTLED = """
INSERT INTO settlements (settlement_id, amount, currency, day, settled_at)
VALUES ($1, $2, 'INR', '2026-01-01', niyat_now())
"""


async def _report(world: World) -> list[Json]:
    day = await world.db.fetchval("SELECT (niyat_now() AT TIME ZONE 'Asia/Kolkata')::date - 2")
    rows = await world.parts.records.settlement_report(day)
    assert isinstance(rows, list)
    return [dict(row.raw) for row in rows]


async def test_a_silent_gateway_is_asked_again_and_after_hours_given_up(world: World) -> None:
    await paid(world)
    await settled(world)
    await world.sandbox.add_fault(world.account, "settlements.report", "http-500-json", times=100)
    await world.settle()
    before = await world.db.fetch("SELECT status, tries, last_error FROM reconciliation_runs")
    assert before
    assert all(run["status"] == "asked" and run["tries"] == 1 and run["last_error"] for run in before)
    for _ in range(11):
        await world.move(hours=1)
        await world.parts.records.downtimes()  # everything else it answers
        await reconcile(world.parts)
    assert {run["status"] for run in await world.db.fetch("SELECT status FROM reconciliation_runs")} == {
        "failed"
    }
    await world.sandbox.clear_faults(world.account)
    await read_report(world)
    assert (await world.ledger())["bank"] == NET


async def test_a_report_of_many_pages_is_read_whole(world: World) -> None:
    for _ in range(3):
        await paid(world)
    await settled(world)
    small = RazorpayRecords(world.parts.gateway, page=2)  # type: ignore[arg-type]
    day = await world.db.fetchval("SELECT (niyat_now() AT TIME ZONE 'Asia/Kolkata')::date - 2")
    whole = await world.parts.records.settlement_report(day)
    assert isinstance(whole, list)
    assert len(whole) == 3
    assert await small.settlement_report(day) == whole


async def test_two_readings_at_once_book_everything_once(world: World) -> None:
    for _ in range(3):
        await paid(world)
    settlement = await settled(world)
    await world.sandbox.spoil_report(settlement["id"], "doubled")
    day = await world.db.fetchval("SELECT (niyat_now() AT TIME ZONE 'Asia/Kolkata')::date - 2")
    rows = await world.parts.records.settlement_report(day)
    assert isinstance(rows, list)
    await world.db.execute(SETTLED, settlement["id"], settlement["amount"])
    await asyncio.gather(*(_record_all(world, day, rows, settlement["id"]) for _ in range(3)))
    assert [kind for kind, _, _ in await differences(world)] == ["doubled"]
    assert (await world.ledger())["bank"] == settlement["amount"]


async def _record_all(world: World, day: date, rows: list[SettlementRow], settlement_id: str) -> None:
    seen: list[str] = []
    for row in rows:
        seen.append(row.entity_id)
        await world.db.run(record_row, row, seen.count(row.entity_id), day)
    await world.db.run(close_settlement, settlement_id)
