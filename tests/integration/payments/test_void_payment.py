"""An administrator's word on a payment that was not made: void it, let the patient pay anew, or ask the gateway."""

from __future__ import annotations

import pytest

from tests.support.payments_appointments import PRICE
from tests.support.payments_world import ADMIN, World


async def test_a_voided_attempt_has_failed_and_the_patient_gets_another_order(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    for _ in range(2):  # the second time there is nothing left to do
        answer = await world.override(visit, "failed")
        assert (answer.status_code, answer.json()["status"]) == (200, "failed")
    await world.settle()
    assert world.told() == ["PAYMENT_INITIATED", "PAYMENT_OVERRIDDEN"]
    again = await world.initiate(visit)
    assert again["order_id"] != begun["order_id"]
    await world.verify(visit, await world.sandbox.pay(again["order_id"]))
    await world.settle()
    assert visit.status == "confirmed"


async def test_a_voided_order_that_is_paid_after_all_is_late_money(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.override(visit, "failed")
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.settle()
    assert (visit.status, (await world.payment(begun["payment_id"]))["status"]) == ("confirmed", "captured")


async def test_pending_gives_the_patient_a_fresh_order(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    same = await world.override(visit, "pending")
    assert same.json()["payment_id"] == begun["payment_id"], "it waits to be paid already"
    await world.override(visit, "failed")
    fresh = (await world.override(visit, "pending")).json()
    assert (fresh["status"], fresh["outcome"]) == ("pending", "payable")
    assert (await world.initiate(visit))["order_id"] == fresh["order_id"] != begun["order_id"]
    log = await world.db.fetch("SELECT action FROM audit_log WHERE actor_id = $1 ORDER BY id", ADMIN)
    assert [row["action"] for row in log] == ["void-payment", "reopen-payment"]


async def test_pending_voids_nothing_where_the_hold_is_over(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.expire(visit, slot_free=True)
    assert (await world.override(visit, "pending")).json()["code"] == "hold-lapsed"
    assert (await world.payment(begun["payment_id"]))["status"] == "pending"


async def test_money_that_was_taken_is_not_undone_by_hand(world: World) -> None:
    online, at_desk = world.visit(), world.visit()
    begun = await world.initiate(online)
    await world.verify(online, await world.sandbox.pay(begun["order_id"]))
    received = (await world.receive(at_desk)).json()
    for visit, payment_id in ((online, begun["payment_id"]), (at_desk, received["payment_id"])):
        refused = (await world.override(visit, "failed")).json()
        assert (refused["code"], refused["payment_id"]) == ("money-taken", payment_id)


async def test_money_on_its_way_is_not_voided(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    world.appointments.deaf = 5
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    assert (await world.override(visit, "failed")).json()["code"] == "payment-under-way"
    world.appointments.deaf = 0
    await world.move(minutes=2)


async def test_authorized_is_the_gateways_word_which_is_asked_for_anew(world: World) -> None:
    visit = world.visit()
    assert (await world.override(visit, "authorized")).json()["code"] == "payment-not-found"
    begun = await world.initiate(visit)
    assert (await world.override(visit, "authorized")).json()["code"] == "nothing-authorized"
    await world.sandbox.pay(begun["order_id"])  # neither callback nor webhook has come
    found = (await world.override(visit, "authorized")).json()
    assert (found["payment_id"], found["status"]) == (begun["payment_id"], "captured")
    await world.settle()
    assert visit.status == "confirmed"


@pytest.mark.parametrize("status", ["captured", "failed", "pending", "authorized"])
async def test_only_administrators_override(world: World, status: str) -> None:
    visit = world.visit()
    body = {"appointment_id": str(visit.appointment_id), "reason_code": "x", "status": status}
    for who, refusal in (("", 401), (f"patient:{visit.patient_id}", 403), (f"doctor:{visit.doctor_id}", 403)):
        answer = await world.ask("POST", "/api/v1/payments/overrides", who, body)
        assert answer.status_code == refusal


async def test_captured_is_a_manual_receipt(world: World) -> None:
    visit = world.visit()
    answer = await world.override(visit, "captured", method="cash", reference="41")
    assert (answer.status_code, answer.json()["gateway"]) == (200, "manual")
    assert await world.ledger() == {"cash": PRICE, "patient_deposit": -PRICE}
