"""Settlements and the reconciliation report, by the vendor's real SDK."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from razorpay.errors import BadRequestError

from tests.support.sandbox import Json, Sandbox
from tests.support.shop import Shop
from tests.support.webhook_receiver import WebhookReceiver

INDIA = ZoneInfo("Asia/Kolkata")


async def report(shop: Shop, **more: int) -> list[Json]:
    """All rows settled on the sandbox's present day, and on the day before: midnight may just have passed."""
    today = datetime.fromtimestamp(await shop.sandbox.now(), INDIA)
    rows: list[Json] = []
    for day in (today, today - timedelta(days=1)):
        wanted = {"year": day.year, "month": day.month, "day": day.day, "count": 1000, **more}
        rows += (await shop.call(shop.client.settlement.report, wanted))["items"]
    return rows


async def test_a_settlement_pays_captures_less_fees_refunds_and_lost_disputes(
    sandbox: Sandbox, receiver: WebhookReceiver
) -> None:
    account = await sandbox.register_account(receiver.url)
    shop = Shop(sandbox, account)
    card, upi = await shop.paid_visit("card"), await shop.paid_visit("upi", 30000)
    refund = await shop.refund(upi, {"amount": 10000}, "refund-key-0001")
    dispute = await sandbox.dispute(card, amount=5000)
    await sandbox.decide_dispute(dispute["id"], "lost")

    settlement = await sandbox.settle(account)
    assert settlement["amount"] == 50000 - 1180 + 30000 - 708 - 10000 - 5000
    rows = {row["entity_id"]: row for row in await report(shop)}
    assert sum(row["credit"] - row["debit"] for row in rows.values()) == settlement["amount"]
    assert {row["settlement_id"] for row in rows.values()} == {settlement["id"]}
    assert (rows[card]["credit"], rows[card]["fee"], rows[card]["tax"]) == (48820, 1180, 180)
    assert (rows[card]["method"], rows[card]["card_network"]) == ("card", "Visa")
    assert (rows[refund["id"]]["debit"], rows[refund["id"]]["payment_id"]) == (10000, upi)
    [adjustment] = [row for row in rows.values() if row["type"] == "adjustment"]
    assert (adjustment["debit"], adjustment["dispute_id"]) == (5000, dispute["id"])

    fetched = await shop.call(shop.client.settlement.fetch, settlement["id"])
    assert fetched == settlement
    assert (await shop.call(shop.client.settlement.all))["items"] == [settlement]
    await receiver.wait_for(1)
    events = [json.loads(one["body"]) for one in await sandbox.webhooks(account)]
    [told] = [event for event in events if event["event"] == "settlement.processed"]
    assert told["payload"]["settlement"]["entity"] == settlement
    assert (await sandbox.books(account)).settled == settlement["amount"]


async def test_what_is_settled_is_not_settled_again(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    payment_id = await shop.paid_visit()
    await sandbox.settle(account)
    with pytest.raises(AssertionError, match="Minimum amount"):
        await sandbox.settle(account)
    refund = await shop.refund(payment_id, {"amount": 20000}, "refund-key-0001")
    await shop.paid_visit()
    later = await sandbox.settle(account)
    assert later["amount"] == 48820 - 20000
    assert {row["type"] for row in await report(shop) if row["settlement_id"] == later["id"]} == {
        "payment",
        "refund",
    }
    await sandbox.fail_refund(refund["id"])
    assert (await sandbox.settle(account))["amount"] == 20000


async def test_a_failed_settlement_sets_its_money_free_for_the_next(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    await shop.paid_visit()
    failed = await sandbox.settle(account, "failed")
    assert (failed["status"], failed["utr"], await report(shop)) == ("failed", None, [])
    created = await sandbox.settle(account, "created")
    assert await report(shop) == []
    processed = await sandbox.decide_settlement(created["id"], "process")
    assert (processed["status"], processed["amount"]) == ("processed", failed["amount"])
    assert len(await report(shop)) == 1


async def test_a_cycle_settles_by_itself_on_the_second_working_day(own_sandbox: Sandbox) -> None:
    account = await own_sandbox.register_account()
    await own_sandbox.behave(account, settlement_days=2)
    now = datetime.fromtimestamp(await own_sandbox.now(), INDIA)
    noon = now.replace(hour=12, minute=0, second=0) + timedelta(days=1)  # no midnight passes while one pays
    await own_sandbox.shift_clock((noon - now).total_seconds())
    await Shop(own_sandbox, account).paid_visit()
    # The weekday decides how far the second working day is.
    until = {3: 4, 4: 4, 5: 3}.get(noon.weekday(), 2)
    await own_sandbox.shift_clock((until - 1) * 86400)
    assert (await own_sandbox.books(account)).settlements == []
    await own_sandbox.shift_clock(2 * 86400)
    async with asyncio.timeout(20):
        while not (found := (await own_sandbox.books(account)).settlements):
            await asyncio.sleep(0.02)
    assert [one["status"] for one in found] == ["processed"]


@pytest.mark.parametrize(
    ("flaw", "rows"), [("missing", 1), ("doubled", 3), ("one-paisa-off", 2), ("unknown", 3)]
)
async def test_a_report_can_be_wrong_in_one_row(sandbox: Sandbox, flaw: str, rows: int) -> None:
    account = await sandbox.register_account()
    shop = Shop(sandbox, account)
    payment_id, _ = await shop.paid_visit(), await shop.paid_visit()
    settlement = await sandbox.settle(account)
    right = await report(shop)
    row = await sandbox.spoil_report(settlement["id"], flaw, payment_id)  # type: ignore[arg-type]
    wrong = await report(shop)
    assert len(wrong) == rows
    if flaw == "one-paisa-off":
        [off] = [one for one in wrong if one["entity_id"] == payment_id]
        assert off == row | {"credit": row["credit"] - 1}
    if flaw == "unknown":
        assert row in wrong
        assert row not in right
    assert await shop.call(shop.client.settlement.fetch, settlement["id"]) == settlement


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"month": 6}, "year field is required"),
        ({"year": 2022}, "month field is required"),
        ({"year": 22, "month": 6}, "must be 4 digits"),
        ({"year": 2022, "month": 13}, "not a valid month"),
        ({"year": 2022, "month": "June"}, "not a valid month"),
        ({"year": 2022, "month": 6, "day": 42}, "between 1 and 2 digits"),
        ({"year": 2022, "month": 2, "day": 30}, "not a valid day"),
        ({"year": 2022, "month": 6, "count": 0}, "at least 1"),
        ({"year": 2022, "month": 6, "count": 1001}, "greater than 1000"),
    ],
)
async def test_a_bad_report_request_is_refused_in_the_vendors_words(
    sandbox: Sandbox, query: Json, complaint: str
) -> None:
    shop = Shop(sandbox, await sandbox.register_account())
    with pytest.raises(BadRequestError, match=complaint):
        await shop.call(shop.client.settlement.report, query)


async def test_refunds_beyond_the_unsettled_balance_are_refused_when_asked_so(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    await sandbox.behave(account, low_balance="refused")
    shop = Shop(sandbox, account)
    payment_id = await shop.paid_visit()
    await sandbox.settle(account)
    with pytest.raises(BadRequestError, match="enough balance to carry out the refund"):
        await shop.refund(payment_id, {}, "refund-key-0001")
    assert (await sandbox.books(account)).refunds == []
    await shop.paid_visit("card", 100000)
    await shop.refund(payment_id, {}, "refund-key-0001")
