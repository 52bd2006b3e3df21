"""Rows of docs/failure-modes.md in which news of a payment comes late, twice, in a wrong order or not at all, on the
whole system; it ends in the audit.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from tests.support.journeys import PRICE, books_say, order_of, paid_visit
from tests.support.sandbox import Json
from tests.support.shop import Shop
from tests.support.system import Caller, System

# Each of these rows has its quick tests, with the same sandbox, in tests/integration/payments.
pytestmark = pytest.mark.long

WEBHOOK = "/api/v1/payments/webhook"


async def booked(system: System, count: int) -> tuple[Caller, list[Json], list[Json]]:
    """A new patient, who has begun to book that many times of one doctor; and those times."""
    slots = (await system.slots(await system.doctor(fee_amount=PRICE)))[:count]
    patient = await system.patient()
    return patient, [await system.book(patient, slot) for slot in slots], slots


async def attempt_of(system: System, booking: Json) -> str:
    """The gateway's id of the last attempt to pay for it."""
    orders = (await system.sandbox.books(system.merchant)).orders
    (order,) = [order for order in orders if order["id"] == order_of(booking)]
    return str(order["payments"][-1]["id"])


@pytest.mark.failure_row(6, 7, 8)
async def test_all_news_of_one_payment_backwards_and_twice_confirms_it_once(system: System) -> None:
    patient, (booking,), _ = await booked(system, 1)
    await system.sandbox.set_webhooks(system.merchant, mode="hold", duplicate=2)
    await system.sandbox.pay(order_of(booking), outcome="captured")
    await system.sandbox.flush_webhooks(system.merchant, order="newest-first")
    told = [event["event"] for event in await system.sandbox.webhooks(system.merchant)]
    assert {"payment.authorized", "payment.captured", "order.paid"} <= set(told)
    await system.becomes(patient, booking, "confirmed")
    for event in await system.sandbox.webhooks(system.merchant):
        await system.sandbox.send_webhook(event["id"])
    await books_say(system, captured=PRICE, refunded=0, captures=1)
    sql = "SELECT type FROM outbox WHERE type = 'PAYMENT_COMPLETED'"
    assert len(await system.niyat.services["payments"].db.fetch(sql)) == 1
    assert (await system.appointment(patient, booking))["status"] == "confirmed"


@pytest.mark.failure_row(9, 10)
async def test_an_attempt_that_failed_and_is_paid_after_all_is_judged_by_whether_its_time_is_still_free(
    system: System,
) -> None:
    patient, (soon, free, gone), slots = await booked(system, 3)
    for booking in (soon, free, gone):
        await system.sandbox.pay(order_of(booking), outcome="failed")
    await system.settle()
    assert (await system.appointment(patient, soon))["status"] == "pending-payment"
    late = await attempt_of(system, soon)
    await system.sandbox.authorize_late(late)
    await system.sandbox.capture_in_dashboard(late)
    await system.becomes(patient, soon, "confirmed")

    await system.clock.move(hours=3)  # within the time that the gateway gives us to capture
    patient = await system.sign_in(phone=patient.account["phone"])
    assert (await system.appointment(patient, free))["status"] == "expired"
    await system.sandbox.authorize_late(await attempt_of(system, free))
    await system.becomes(patient, free, "confirmed")

    await paid_visit(system, await system.patient(), slots[2])
    await system.sandbox.authorize_late(await attempt_of(system, gone))
    await books_say(system, captured=3 * PRICE, refunded=0, captures=3)
    await system.clock.move(hours=12)  # the gateway gives it back by itself
    await books_say(system, captured=3 * PRICE, refunded=0, captures=3)
    books = await system.sandbox.books(system.merchant)
    assert (books.authorized, books.released) == (0, PRICE)
    patient = await system.sign_in(phone=patient.account["phone"])
    assert (await system.appointment(patient, gone))["status"] == "expired"


@pytest.mark.failure_row(11)
async def test_another_amount_or_currency_than_quoted_confirms_nothing_and_is_not_kept(
    system: System,
) -> None:
    patient, (less, foreign), _ = await booked(system, 2)
    with capture_logs() as lines:
        await system.sandbox.pay(order_of(less), outcome="captured", amount=PRICE - 1)
        await system.sandbox.pay(order_of(foreign), currency="USD")
        await system.settle()
    assert [line for line in lines if line["log_level"] == "error" and "than quoted" in line["event"]]
    for booking in (less, foreign):
        assert (await system.appointment(patient, booking))["status"] == "pending-payment"
    await books_say(system, captured=PRICE - 1, refunded=PRICE - 1, captures=1)


@pytest.mark.failure_row(17)
async def test_news_of_another_account_is_refused_though_it_is_signed_with_our_secret(system: System) -> None:
    patient, (booking,), _ = await booked(system, 1)
    system.configuration.payments.razorpay_account_id = system.merchant.account_id
    stranger = await system.sandbox.register_account()
    stranger = await system.sandbox.move_webhook(
        replace(stranger, webhook_secret=system.merchant.webhook_secret), system.address + WEBHOOK
    )
    await Shop(system.sandbox, stranger).paid_visit(amount=PRICE)
    await system.sandbox.flush_webhooks(stranger)
    tried = [event["tries"][-1]["status"] for event in await system.sandbox.webhooks(stranger)]
    assert tried
    assert set(tried) == {400}
    assert not await system.niyat.services["payments"].db.fetch("SELECT FROM webhook_events")
    await system.sandbox.pay(order_of(booking))
    await system.becomes(patient, booking, "confirmed")


@pytest.mark.failure_row(32, 35, 36, 60)
async def test_what_is_told_while_nothing_is_worked_off_is_stored_and_made_up_for_whatever_lies_between(
    system: System,
) -> None:
    patient, bookings, _ = await booked(system, 2)
    await system.niyat.pause()
    await system.sandbox.pay(order_of(bookings[0]), outcome="captured")
    await system.sandbox.flush_webhooks(system.merchant)
    told = await system.sandbox.webhooks(system.merchant)
    assert {event["tries"][-1]["status"] for event in told} == {200}
    captured = json.loads(next(event["body"] for event in told if event["event"] == "payment.captured"))
    entity = captured["payload"]["payment"]["entity"]
    for number, changed in enumerate(
        (
            {"event": "payment.teleported"},
            {"event": "payment.failed", "payload": {"payment": {"entity": entity | {"status": "created"}}}},
            {"payload": {"payment": {"entity": {"id": 7}}}},
        )
    ):
        assert await tell(system, f"evt_odd_{number}", captured | changed) == 200
    await system.sandbox.pay(order_of(bookings[1]), outcome="captured")
    await system.sandbox.flush_webhooks(system.merchant)
    for booking in bookings:
        assert (await system.appointment(patient, booking))["status"] == "pending-payment"

    system.niyat.resume()
    for booking in bookings:
        await system.becomes(patient, booking, "confirmed")
    for _ in range(12):  # bounded tries
        await system.clock.move(minutes=20)
        await system.settle()
    sql = "SELECT event_id, status FROM webhook_events WHERE event_id LIKE 'evt_odd_%' ORDER BY event_id"
    ended = [row["status"] for row in await system.niyat.services["payments"].db.fetch(sql)]
    assert ended == ["done", "done", "dead"]
    assert "no-webhook-stays-new" in str(await system.audit())  # until staff have looked at it
    await system.niyat.services["payments"].db.execute(
        "DELETE FROM webhook_events WHERE event_id = 'evt_odd_2'"
    )
    await books_say(system, captured=2 * PRICE, refunded=0, captures=2)


async def tell(system: System, event_id: str, body: Json) -> int:
    """Say it as the gateway would; the status that it gets."""
    raw = json.dumps(body).encode()
    signed = hmac.new(system.merchant.webhook_secret.encode(), raw, hashlib.sha256).hexdigest()
    headers = {"x-razorpay-signature": signed, "x-razorpay-event-id": event_id}
    return (await system.nobody.http.post(WEBHOOK, content=raw, headers=headers)).status_code


@pytest.mark.failure_row(37)
async def test_when_the_gateway_tells_nothing_any_more_payments_still_confirm_and_staff_are_told(
    system: System,
) -> None:
    patient, (booking,), _ = await booked(system, 1)
    await system.sandbox.set_webhooks(system.merchant, mode="drop")
    await system.sandbox.pay(order_of(booking))
    await system.clock.move(minutes=4, seconds=50)
    await system.becomes(patient, booking, "confirmed")
    with capture_logs() as lines:
        await system.clock.move(minutes=61)
        await system.settle()
    assert [line for line in lines if line["log_level"] == "error" and "no webhook told" in line["event"]]
    await books_say(system, captured=PRICE, refunded=0, captures=1)
