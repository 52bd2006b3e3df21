"""Rows of docs/failure-modes.md that are about what is said of a payment and by whom, on the whole system."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.journeys import PRICE, books_say, order_of
from tests.support.sandbox import Json
from tests.support.system import System

# Each of these rows has its quick tests, with the same sandbox, in tests/integration/payments.
pytestmark = pytest.mark.long

UNTOUCHED = {"sign_with": "current", "corrupt": "none"}
DAMAGES: list[dict[str, Any]] = [
    {"sign_with": "garbage"},
    {"sign_with": "missing"},
    {"corrupt": "altered"},
    {"corrupt": "reserialised"},
]


def confirm_path(booking: Json) -> str:
    return f"/appointments/{booking['appointment']['appointment_id']}/confirm-payment"


@pytest.mark.failure_row(12, 13, 14, 15)
async def test_no_damaged_news_and_no_foreign_proof_confirms_anything_and_the_truth_still_does(
    system: System,
) -> None:
    slots = await system.slots(await system.doctor(fee_amount=PRICE))
    patient, stranger = await system.patient(), await system.patient()
    bookings = [await system.book(patient, slot) for slot in slots[: len(DAMAGES)]]
    theirs = await system.book(stranger, slots[len(DAMAGES)])
    await system.sandbox.set_webhooks(system.merchant, mode="hold")
    proofs = [await system.sandbox.pay(order_of(booking)) for booking in bookings]
    for damage in DAMAGES:
        await system.sandbox.set_webhooks(system.merchant, mode="hold", **(UNTOUCHED | damage))
        await system.sandbox.flush_webhooks(system.merchant)
        for event in await system.sandbox.webhooks(system.merchant):
            assert event["tries"][-1]["status"] == 400, (damage, event)

    proof = {name: value for name, value in proofs[0].items() if name.startswith("razorpay_")}
    for changed, status in (
        ({"razorpay_signature": "0" * 64}, 400),
        ({"razorpay_signature": "é" * 64}, 400),
        ({"razorpay_payment_id": proofs[1]["razorpay_payment_id"]}, 400),
        ({"razorpay_order_id": order_of(theirs)}, 404),
    ):
        answer = await patient.ask("POST", confirm_path(bookings[0]), proof | changed)
        assert answer.status_code == status, answer.text
    replayed = await patient.ask("POST", confirm_path(bookings[1]), proof)
    assert replayed.status_code == 409, replayed.text
    stolen = await stranger.ask("POST", confirm_path(theirs), proof)
    assert stolen.status_code == 404, stolen.text
    assert (await system.sandbox.books(system.merchant)).captured == 0
    for who, booking in [*((patient, booking) for booking in bookings), (stranger, theirs)]:
        assert (await system.appointment(who, booking))["status"] == "pending-payment"

    await system.sandbox.set_webhooks(system.merchant, mode="deliver", **UNTOUCHED)  # type: ignore[arg-type]
    await books_say(system, captured=4 * PRICE, refunded=0, captures=4)
    for booking in bookings:
        await system.becomes(patient, booking, "confirmed")


@pytest.mark.failure_row(16)
async def test_while_the_webhooks_secret_is_rotated_news_under_either_counts(system: System) -> None:
    slots = await system.slots(await system.doctor(fee_amount=PRICE))
    patient = await system.patient()
    before, after = [await system.book(patient, slot) for slot in slots[:2]]
    await system.sandbox.set_webhooks(system.merchant, mode="hold")
    await system.sandbox.pay(order_of(before))
    settings, old = system.configuration.payments, system.merchant.webhook_secret
    new = (await system.sandbox.rotate_webhook_secret(system.merchant)).webhook_secret
    settings.razorpay_webhook_secret_previous = SecretStr(old)  # as after a start with both
    settings.razorpay_webhook_secret = SecretStr(new)
    await system.sandbox.set_webhooks(system.merchant, mode="deliver")
    await system.sandbox.pay(order_of(after))
    await system.sandbox.flush_webhooks(system.merchant)
    for booking in (before, after):
        await system.becomes(patient, booking, "confirmed")
    await books_say(system, captured=2 * PRICE, refunded=0, captures=2)
