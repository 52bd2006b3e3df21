"""Money taken at the desk: it secures the visit and is in the books, or neither; the visit is confirmed as always."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from tests.support.payments_appointments import PRICE
from tests.support.payments_world import ADMIN, World


@pytest.mark.parametrize(("method", "account"), [("cash", "cash"), ("upi", "desk_clearing")])
async def test_a_receipt_confirms_the_visit_and_is_on_the_desks_own_account(
    world: World, method: str, account: str
) -> None:
    visit = world.visit()
    answer = await world.receive(visit, method=method, reference="Book 3, 41", amount=PRICE)
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert (shown["gateway"], shown["status"], shown["method"]) == ("manual", "captured", method)
    assert shown["account_id"] == str(visit.patient_id)
    await world.settle()
    assert visit.status == "confirmed"
    assert await world.ledger() == {account: PRICE, "patient_deposit": -PRICE}
    assert world.told() == ["PAYMENT_COMPLETED", "PAYMENT_OVERRIDDEN", "RECEIPT_ISSUED"]
    completed, overridden, _ = world.events
    assert (completed.order_id, completed.gateway_payment_id) == (None, None)  # type: ignore[attr-defined]
    said = overridden.model_dump(mode="json")
    assert (said["payment_status"], said["actor_id"], said["reason_code"]) == (
        "captured",
        str(ADMIN),
        "paid-at-desk",
    )
    log = await world.db.fetch("SELECT actor_id, action, subject_id, reason FROM audit_log")
    assert [tuple(row) for row in log] == [(ADMIN, "record-receipt", visit.appointment_id, "paid-at-desk")]


async def test_the_same_request_again_is_the_same_receipt_and_another_under_its_key_is_refused(
    world: World,
) -> None:
    visit, other = world.visit(), world.visit()
    first, again = await asyncio.gather(world.receive(visit), world.receive(visit))
    assert {first.status_code, again.status_code} <= {201, 202}, "the other one may still be at it"
    assert first.json()["payment_id"] == again.json()["payment_id"]
    assert (await world.receive(other)).json()["code"] == "idempotency-key-reused"
    assert (await world.receive(visit, "another key")).json()["code"] == "already-paid"
    assert await world.ledger() == {"cash": PRICE, "patient_deposit": -PRICE}


async def test_two_desks_at_once_take_the_money_once(world: World) -> None:
    visit = world.visit()
    answers = await asyncio.gather(*(world.receive(visit, key) for key in "abcd"))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await world.ledger() == {"cash": PRICE, "patient_deposit": -PRICE}


async def test_exactly_the_price_is_taken_and_nothing_for_a_free_visit(world: World) -> None:
    refused = await world.receive(world.visit(), "a", amount=PRICE - 1)
    assert (refused.json()["code"], refused.json()["amount"]) == ("amount-differs", PRICE)
    assert (await world.receive(world.visit(amount=0), "b")).json()["code"] == "no-payment-needed"
    assert await world.db.fetchval("SELECT count(*) FROM payment_transactions") == 0


@pytest.mark.parametrize(
    ("status", "slot_free", "code"),
    [("cancelled", True, "appointment-cancelled"), ("expired", False, "time-gone")],
)
async def test_where_there_is_no_place_nothing_is_taken(
    world: World, status: str, slot_free: bool, code: str
) -> None:
    visit = world.visit()
    visit.status, visit.slot_free = status, slot_free
    assert (await world.receive(visit)).json()["code"] == code
    assert (await world.receive(visit)).json()["code"] == code, "asked again, the same"
    await world.settle()
    assert await world.ledger() == {}
    payment_id = str(await world.db.fetchval("SELECT payment_id FROM payment_transactions"))
    shown = await world.payment(payment_id)
    assert (shown["status"], shown["outcome"]) == ("failed", "not-charged")
    assert world.told() == ["PAYMENT_RELEASED"]


async def test_an_expired_visit_whose_time_is_free_is_taken_again(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.expire(visit, slot_free=True)
    assert (await world.receive(visit)).status_code == 201
    await world.settle()
    assert visit.status == "confirmed"
    assert (await world.payment(begun["payment_id"]))["outcome"] != "payable", (
        "its order is not shown any more"
    )


async def test_a_gateways_payment_on_its_way_comes_first(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    paid = await world.sandbox.pay(begun["order_id"])
    world.appointments.deaf = 5
    await world.verify(visit, paid)
    assert (await world.receive(visit)).json()["code"] == "payment-under-way"
    world.appointments.deaf = 0
    await world.move(minutes=2)
    await world.settle()
    assert (await world.receive(visit, "later")).json()["code"] == "already-paid"
    assert visit.status == "confirmed"


async def test_the_patient_who_pays_online_as_well_is_not_charged_twice(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    assert (await world.receive(visit)).status_code == 201
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.settle()
    assert visit.status == "confirmed"
    assert (await world.sandbox.books(world.account)).captured == 0
    assert (await world.payment(begun["payment_id"]))["outcome"] == "not-charged"


async def test_an_answer_that_was_lost_is_asked_for_again_by_the_job(world: World) -> None:
    visit = world.visit()
    world.appointments.silent = 1
    answer = await world.receive(visit)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "processing")
    await world.move(minutes=2)
    await world.settle()
    assert visit.status == "confirmed"
    again = await world.receive(visit)
    assert (again.status_code, again.json()["payment_id"]) == (201, answer.json()["payment_id"])


async def test_only_administrators_record_money(world: World) -> None:
    visit = world.visit()
    said = {"appointment_id": str(visit.appointment_id), "reason_code": "paid-at-desk"}
    path = "/api/v1/payments/manual-receipts"
    for who, status in (("", 401), (f"patient:{visit.patient_id}", 403), (f"doctor:{uuid4()}", 403)):
        assert (await world.ask("POST", path, who, said)).status_code == status
    unknown = said | {"appointment_id": str(uuid4())}
    assert (await world.ask("POST", path, f"admin:{ADMIN}", unknown)).status_code == 404
    assert (
        await world.ask("POST", path, f"admin:{ADMIN}", said | {"method": "netbanking"})
    ).status_code == 422


async def test_no_order_is_shown_while_the_desk_takes_the_money_nor_after(world: World) -> None:
    """Appointments may be slow to say that it is paid."""
    visit = world.visit()
    begun = await world.initiate(visit)
    world.appointments.deaf = 1
    assert (await world.receive(visit)).status_code == 202
    body = {"appointment_id": str(visit.appointment_id)}
    paying = ("POST", "/api/v1/payments/initiate", f"patient:{visit.patient_id}", body)
    assert (await world.ask(*paying)).json()["code"] == "payment-under-way"
    await world.move(minutes=1)
    for job in world.service.jobs:
        await job.run()
    assert visit.status == "pending-payment"
    assert (await world.ask(*paying)).json()["code"] == "already-paid"
    assert (await world.payment(begun["payment_id"]))["outcome"] != "payable"
    shown = await world.db.fetchval("SELECT count(*) FROM payment_transactions WHERE open")
    await world.settle()
    assert (shown, visit.status) == (0, "confirmed")
