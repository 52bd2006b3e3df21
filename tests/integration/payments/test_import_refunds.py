"""Refunds made in the gateway's dashboard: found with or without their webhooks, before or after the money was seen."""

from __future__ import annotations

import pytest

from niyat.payments.domain import Step
from tests.support.payments_appointments import PRICE
from tests.support.payments_world import EITHER_CAPTURE, World

pytestmark = EITHER_CAPTURE


async def test_money_that_had_gone_back_before_it_was_seen_confirms_nothing(world: World) -> None:
    if world.parts.settings.capture.value == "manual":
        pytest.skip("only captured money can be refunded")
    visit = world.visit()
    begun = await world.initiate(visit)
    paid = await world.sandbox.pay(begun["order_id"], outcome="captured")
    await world.sandbox.refund_in_dashboard(paid["razorpay_payment_id"])
    await world.move(minutes=4, seconds=50)
    await world.settle()
    assert (visit.status, visit.secured_by) == ("pending-payment", None)
    assert "PAYMENT_COMPLETED" not in world.told()
    shown = await world.payment(begun["payment_id"])
    assert [attempt["step"] for attempt in shown["attempts"]] == [Step.RETURNING]
    assert (shown["status"], shown["refunded_amount"], shown["outcome"]) == ("refunded", PRICE, "refunded")
    assert [refund["reason_code"] for refund in shown["refunds"]] == ["dashboard"]
    assert (await world.initiate(visit))["order_id"] != begun["order_id"]


@pytest.mark.failure_row(26)
async def test_a_dashboard_refund_whose_webhook_is_lost_is_found(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    paid = await world.sandbox.pay(begun["order_id"])
    await world.verify(visit, paid)
    await world.settle()
    await world.sandbox.refund_in_dashboard(paid["razorpay_payment_id"], PRICE // 2)
    for _ in range(2):
        await world.move(days=1, minutes=1)
        await world.settle()
    shown = await world.payment(begun["payment_id"])
    assert (shown["status"], shown["refunded_amount"]) == ("partially-refunded", PRICE // 2)
