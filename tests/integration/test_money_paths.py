"""Every way in which money and time can meet, on the whole system: the outcome of the protocol, by the sandbox's books.

The fixture ends each test with the audit, so nothing here needs to say that the promise still holds.
"""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from tests.support.sandbox import Json
from tests.support.system import Caller, System

PRICE = 50_000
HOLD_OVER = {"minutes": 5, "seconds": 2}


@pytest.fixture
async def patient(system: System) -> Caller:
    return await system.patient()


@pytest.fixture
async def slot(system: System) -> Json:
    return (await system.slots(await system.doctor(fee_amount=PRICE)))[0]


@pytest.fixture
async def booking(system: System, patient: Caller, slot: Json) -> Json:
    return await system.book(patient, slot)


def order(booking: Json) -> str:
    return str(booking["payment"]["order_id"])


def checkout_fields(paid: Json) -> Json:
    return {name: value for name, value in paid.items() if name.startswith("razorpay_")}


async def callback(system: System, patient: Caller, booking: Json, paid: Json) -> None:
    path = f"/appointments/{booking['appointment']['appointment_id']}/confirm-payment"
    answer = await patient.ask("POST", path, checkout_fields(paid))
    assert answer.status_code in (200, 202), answer.text


async def expect(system: System, *, captured: int, refunded: int, captures: int = 1) -> None:
    """What the sandbox's own books say in the end."""
    await system.settle()
    books = await system.sandbox.books(system.merchant)
    assert (books.captured, books.refunded) == (captured, refunded)
    assert books.count("payment.captured") == captures


@pytest.mark.failure_row(4)
async def test_callback_without_webhook_confirms(system: System, patient: Caller, booking: Json) -> None:
    await system.sandbox.set_webhooks(system.merchant, mode="drop")
    await callback(system, patient, booking, await system.sandbox.pay(order(booking)))
    await system.becomes(patient, booking, "confirmed")
    await expect(system, captured=PRICE, refunded=0)


async def test_webhook_without_callback_confirms(system: System, patient: Caller, booking: Json) -> None:
    await system.sandbox.pay(order(booking))
    await system.becomes(patient, booking, "confirmed")
    await expect(system, captured=PRICE, refunded=0)


@pytest.mark.failure_row(5)
async def test_neither_callback_nor_webhook_is_found_by_the_poll(
    system: System, patient: Caller, booking: Json
) -> None:
    await system.sandbox.set_webhooks(system.merchant, mode="drop")
    await system.sandbox.pay(order(booking))
    await system.clock.move(minutes=4, seconds=50)
    await system.becomes(patient, booking, "confirmed")
    await expect(system, captured=PRICE, refunded=0)


@pytest.mark.failure_row(3, 6)
async def test_each_news_twice_and_the_webhook_first_confirms_once(
    system: System, patient: Caller, booking: Json
) -> None:
    await system.sandbox.set_webhooks(system.merchant, duplicate=2)
    paid = await system.sandbox.pay(order(booking), webhooks_first=True)
    await system.becomes(patient, booking, "confirmed")
    await callback(system, patient, booking, paid)
    await callback(system, patient, booking, paid)
    await expect(system, captured=PRICE, refunded=0)


@pytest.mark.failure_row(18)
async def test_two_payments_for_one_booking_keep_one_and_lose_none(
    system: System, patient: Caller, booking: Json
) -> None:
    await system.sandbox.pay(order(booking))
    await system.becomes(patient, booking, "confirmed")
    await system.sandbox.pay(order(booking), outcome="captured", force=True)
    await expect(system, captured=2 * PRICE, refunded=PRICE, captures=2)
    assert (await system.appointment(patient, booking))["status"] == "confirmed"


@pytest.mark.failure_row(1, 41)
async def test_money_after_the_hold_while_the_slot_is_free_books_it(
    system: System, patient: Caller, booking: Json
) -> None:
    await system.clock.move(**HOLD_OVER)
    await system.becomes(patient, booking, "expired")
    await system.sandbox.pay(order(booking))
    await system.becomes(patient, booking, "confirmed")
    await expect(system, captured=PRICE, refunded=0)


async def test_money_after_the_hold_when_the_slot_is_gone_is_not_captured(
    system: System, patient: Caller, booking: Json, slot: Json
) -> None:
    await system.clock.move(**HOLD_OVER)
    await system.becomes(patient, booking, "expired")
    rival = await system.patient()
    theirs = await system.book(rival, slot)
    await system.sandbox.pay(order(booking))
    await system.settle()
    assert (await system.appointment(patient, booking))["status"] == "expired"
    await expect(system, captured=0, refunded=0, captures=0)
    await system.sandbox.pay(order(theirs))
    await system.becomes(rival, theirs, "confirmed")
    await expect(system, captured=PRICE, refunded=0)


@pytest.mark.failure_row(2, 41)
async def test_money_captured_by_the_gateway_after_the_slot_is_gone_goes_back_in_full_once(
    system: System, patient: Caller, booking: Json, slot: Json
) -> None:
    await system.clock.move(**HOLD_OVER)
    await system.becomes(patient, booking, "expired")
    await system.book(await system.patient(), slot)
    await system.sandbox.pay(order(booking), outcome="captured")
    await expect(system, captured=PRICE, refunded=PRICE)


@pytest.mark.failure_row(42)
async def test_a_cancellation_during_payment_wins_and_nothing_is_kept(
    system: System, patient: Caller, booking: Json
) -> None:
    await system.sandbox.set_webhooks(system.merchant, mode="hold")
    paid = await system.sandbox.pay(order(booking))
    path = f"/api/v1/appointments/{booking['appointment']['appointment_id']}/cancel"
    await patient.call("POST", path, {"reason_code": "patient-request"}, key=str(uuid4()))
    await callback(system, patient, booking, paid)
    await system.sandbox.flush_webhooks(system.merchant)
    await system.settle()
    assert (await system.appointment(patient, booking))["status"] == "cancelled"
    books = await system.sandbox.books(system.merchant)
    assert books.captured == books.refunded


async def test_a_cancellation_that_races_the_callback_never_loses_money(
    system: System, patient: Caller, booking: Json
) -> None:
    paid = await system.sandbox.pay(order(booking))
    path = f"/api/v1/appointments/{booking['appointment']['appointment_id']}"
    cancel = patient.ask("POST", f"{path}/cancel", {"reason_code": "patient-request"}, key=str(uuid4()))
    confirm = patient.ask("POST", f"/appointments{path[20:]}/confirm-payment", checkout_fields(paid))
    await asyncio.gather(cancel, confirm)
    await system.settle()
    assert (await system.appointment(patient, booking))["status"] == "cancelled"
    books = await system.sandbox.books(system.merchant)
    assert books.captured == books.refunded


@pytest.mark.failure_row(20, 38)
@pytest.mark.parametrize("kind", ["lose-answer", "http-502-html", "reset"])
async def test_a_capture_whose_answer_is_lost_is_asked_about_until_it_is_known(
    system: System, patient: Caller, booking: Json, kind: str
) -> None:
    await system.sandbox.add_fault(system.merchant, "payments.capture", kind, after_effect=kind != "reset")  # type: ignore[arg-type]
    await system.sandbox.pay(order(booking))
    for _ in range(3):  # the capture is lost, asked about, and where it had no effect made again
        await system.settle()
        await system.clock.move(minutes=1)
    await system.becomes(patient, booking, "confirmed")
    await expect(system, captured=PRICE, refunded=0)


@pytest.mark.failure_row(19)
async def test_an_order_whose_creation_was_not_answered_is_adopted_by_its_receipt(
    system: System, patient: Caller, slot: Json
) -> None:
    await system.sandbox.add_fault(system.merchant, "orders.create", "lose-answer")
    booking = await system.book(patient, slot)
    assert len((await system.sandbox.books(system.merchant)).orders) == 1
    await system.sandbox.pay(order(booking))
    await system.becomes(patient, booking, "confirmed")


@pytest.mark.failure_row(21)
async def test_a_refund_whose_answer_is_lost_is_made_once(
    system: System, patient: Caller, booking: Json
) -> None:
    await system.sandbox.pay(order(booking))
    await system.becomes(patient, booking, "confirmed")
    await system.sandbox.add_fault(system.merchant, "payments.refund", "lose-answer")
    path = f"/api/v1/appointments/{booking['appointment']['appointment_id']}/cancel"
    await patient.call("POST", path, {"reason_code": "patient-request"}, key=str(uuid4()))
    await system.settle()
    await system.clock.move(minutes=10)
    await expect(system, captured=PRICE, refunded=PRICE)
    assert (await system.sandbox.books(system.merchant)).count("refund.created") == 1
