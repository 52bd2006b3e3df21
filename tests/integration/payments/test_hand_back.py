"""A refund of the desk's money is owed from its decision on, until somebody says that it was handed back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.support.payments_appointments import PRICE, Visit
from tests.support.payments_world import ADMIN, World


async def paid_at_the_desk(world: World) -> tuple[Visit, str]:
    visit = world.visit()
    payment_id = (await world.receive(visit, method="card")).json()["payment_id"]
    await world.settle()
    return visit, payment_id


async def refunds(world: World, payment_id: str) -> list[Any]:
    found: list[Any] = (await world.payment(payment_id))["refunds"]
    return found


async def hand_back(world: World, refund_id: str, **more: Any) -> httpx.Response:
    return await world.ask(
        "POST", f"/api/v1/payments/refunds/{refund_id}/handed-back", f"admin:{ADMIN}",
        {"reason_code": "given-at-desk", "method": "cash", **more},
    )  # fmt: skip


async def test_a_cancelled_visit_paid_at_the_desk_is_owed_until_it_is_handed_back(world: World) -> None:
    visit, payment_id = await paid_at_the_desk(world)
    await world.cancel(visit, owed_back=30_000)
    await world.settle()
    await world.move(days=1)
    await world.settle()
    (refund,) = await refunds(world, payment_id)
    assert (refund["status"], refund["amount"]) == ("pending", 30_000)
    assert (await world.payment(payment_id))["outcome"] == "refunding"
    owed = {"desk_clearing": PRICE, "doctor_payable": -20_000, "refund_pending": -30_000}
    assert await world.ledger() == owed
    assert (await hand_back(world, refund["refund_id"])).json()["status"] == "processed"
    assert await world.ledger() == {"desk_clearing": PRICE, "cash": -30_000, "doctor_payable": -20_000}
    await world.settle()
    assert world.told()[-1] == "REFUND_COMPLETED"
    assert (await world.payment(payment_id))["status"] == "partially-refunded"
    assert (await hand_back(world, refund["refund_id"])).json()["code"] == "refund-not-pending"


async def test_a_receipt_is_refunded_in_parts_and_never_more_than_was_taken(world: World) -> None:
    _, payment_id = await paid_at_the_desk(world)
    assert (await world.refund(payment_id, 20_000, "a")).status_code == 201
    assert (await world.refund(payment_id, 30_001, "b")).json()["code"] == "refund-exceeds-captured"
    assert (await world.refund(payment_id, 30_000, "c")).status_code == 201
    for refund in await refunds(world, payment_id):
        await hand_back(world, refund["refund_id"])
    assert (await world.payment(payment_id))["status"] == "refunded"
    done = await world.db.fetch("SELECT action FROM audit_log ORDER BY id")
    assert [row["action"] for row in done] == ["record-receipt"] + ["refund-payment"] * 2 + ["hand-back"] * 2


async def test_the_gateways_refunds_are_not_the_desks_to_hand_back(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.settle()
    refund = (await world.refund(begun["payment_id"], PRICE, "k")).json()
    assert (await hand_back(world, refund["refund_id"])).json()["code"] == "refund-not-at-the-desk"
    assert (await hand_back(world, str(uuid4()))).json()["code"] == "refund-not-found"
