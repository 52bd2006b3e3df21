"""Instant refunds, their fee, their fallback to the normal speed, and payments too old for a normal one."""

from __future__ import annotations

import pytest
from razorpay.errors import BadRequestError

from tests.support.sandbox import Sandbox
from tests.support.shop import Shop

OPTIMUM = {"amount": 30000, "speed": "optimum"}


async def told(shop: Shop) -> list[str]:
    events = await shop.sandbox.webhooks(shop.account)
    return [one["event"] for one in events if one["event"].startswith("refund.")]


async def test_a_refund_at_optimum_speed_is_instant_and_costs_a_fee(sandbox: Sandbox) -> None:
    shop = Shop(sandbox, await sandbox.register_account())
    refund = await shop.refund(await shop.paid_visit(), OPTIMUM, "refund-key-0001")
    assert (refund["speed_requested"], refund["speed_processed"]) == ("optimum", "instant")
    assert (refund["status"], list(refund["acquirer_data"])) == ("processed", ["rrn"])
    assert await told(shop) == ["refund.created", "refund.processed"]
    assert (await sandbox.settle(shop.account))["amount"] == 48820 - 30000 - 590


async def test_an_instant_refund_that_turns_out_impossible_goes_on_normally(sandbox: Sandbox) -> None:
    shop = Shop(sandbox, await sandbox.register_account(refund_mode="manual"))
    refund = await shop.refund(await shop.paid_visit(), OPTIMUM, "refund-key-0001")
    slower = await sandbox.slow_refund(refund["id"])
    assert (slower["status"], slower["speed_processed"]) == ("pending", "normal")
    await sandbox.process_refund(refund["id"])
    assert await told(shop) == ["refund.created", "refund.speed_changed", "refund.processed"]
    assert (await sandbox.settle(shop.account))["amount"] == 48820 - 30000
    with pytest.raises(AssertionError, match="pending instant refund"):
        await sandbox.slow_refund(refund["id"])


async def test_where_instant_is_impossible_optimum_means_normal_at_once(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    await sandbox.behave(account, instant_refunds="impossible")
    shop = Shop(sandbox, account)
    refund = await shop.refund(await shop.paid_visit(), OPTIMUM, "refund-key-0001")
    assert (refund["speed_requested"], refund["speed_processed"]) == ("optimum", "normal")
    assert await told(shop) == ["refund.created", "refund.speed_changed", "refund.processed"]


async def test_a_failed_instant_refund_returns_amount_and_fee(sandbox: Sandbox) -> None:
    shop = Shop(sandbox, await sandbox.register_account())
    refund = await shop.refund(await shop.paid_visit(), OPTIMUM, "refund-key-0001")
    await sandbox.fail_refund(refund["id"])
    assert (await sandbox.settle(shop.account))["amount"] == 48820
    assert (await sandbox.books(shop.account)).refunded == 0


async def test_after_six_months_only_an_instant_refund_is_possible(own_sandbox: Sandbox) -> None:
    account = await own_sandbox.register_account()
    shop = Shop(own_sandbox, account)
    payment_id = await shop.paid_visit()
    await own_sandbox.shift_clock(184 * 86400)
    with pytest.raises(BadRequestError, match="more than 6 months old"):
        await shop.refund(payment_id, {"amount": 1000}, "refund-key-0001")
    await shop.refund(payment_id, {"amount": 1000, "speed": "optimum"}, "refund-key-0002")
    await own_sandbox.behave(account, instant_refunds="impossible")
    with pytest.raises(BadRequestError, match="more than 6 months old"):
        await shop.refund(payment_id, {"amount": 1000, "speed": "optimum"}, "refund-key-0003")
    assert (await own_sandbox.books(account)).refunded == 1000


async def test_refunds_are_listed_and_their_notes_replaced(sandbox: Sandbox) -> None:
    shop = Shop(sandbox, await sandbox.register_account())
    payment_id = await shop.paid_visit()
    refund = await shop.refund(payment_id, {"amount": 1000}, "refund-key-0001")
    edited = await shop.call(shop.client.refund.edit, refund["id"], {"notes": {"visit": "7"}})
    assert edited == refund | {"notes": {"visit": "7"}}
    assert (await shop.call(shop.client.refund.all))["items"] == [edited]
    with pytest.raises(BadRequestError, match="notes field is required"):
        await shop.call(shop.client.refund.edit, refund["id"], {})
