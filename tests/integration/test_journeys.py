"""What a patient lives through, over real HTTP and the whole system: booked, paid, confirmed, told; or let go."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.support.system import System


async def test_a_paid_consultation_is_held_paid_confirmed_and_told(system: System) -> None:
    patient, doctor = await system.patient(), await system.doctor(fee_amount=50_000)
    slot = (await system.slots(doctor))[0]
    booking = await system.book(patient, slot)
    assert booking["appointment"]["status"] == "pending-payment"
    assert booking["payment"]["amount"] == 50_000

    paid = await system.sandbox.pay(booking["payment"]["order_id"])
    path = f"/appointments/{booking['appointment']['appointment_id']}/confirm-payment"
    answer = await patient.ask(
        "POST", path, {name: paid[name] for name in paid if name.startswith("razorpay_")}
    )
    assert answer.status_code in (200, 202), answer.text

    confirmed = await system.becomes(patient, booking, "confirmed")
    assert confirmed["starts_at"] == slot["starts_at"]
    await system.settle()
    assert (await system.appointment(patient, booking))["payment"]["status"] == "captured"
    mails = await system.sandbox.mails(patient.account["email"], wait_seconds=20)
    await system.settle()
    mails = await system.sandbox.mails(patient.account["email"])
    assert len(mails) == 2, [mail["subject"] for mail in mails]
    local = datetime.fromisoformat(slot["starts_at"]).astimezone(ZoneInfo("Asia/Kolkata"))
    assert any(f"{local:%H:%M}" in mail["text"] and "Asia/Kolkata" in mail["text"] for mail in mails)
    assert any("₹500" in mail["text"] for mail in mails)


async def test_a_free_consultation_is_confirmed_at_once_and_asks_for_no_money(system: System) -> None:
    patient, doctor = await system.patient(), await system.doctor(fee_amount=0)
    booking = await system.book(patient, (await system.slots(doctor))[0])
    assert booking["appointment"]["status"] == "confirmed"
    assert booking["payment"] is None
    await system.settle()
    assert len(await system.sandbox.mails(patient.account["email"])) == 1


async def test_the_slot_of_a_booking_is_listed_no_more_and_comes_back_when_it_is_cancelled(
    system: System,
) -> None:
    patient, doctor = await system.patient(), await system.doctor(fee_amount=0)
    slot = (await system.slots(doctor))[0]
    booking = await system.book(patient, slot)
    assert slot["slot_id"] not in [free["slot_id"] for free in await system.slots(doctor)]
    path = f"/api/v1/appointments/{booking['appointment']['appointment_id']}/cancel"
    await patient.call("POST", path, {"reason_code": "patient-request"}, key=str(uuid4()))
    assert slot["slot_id"] in [free["slot_id"] for free in await system.slots(doctor)]


@pytest.mark.failure_row(5)
async def test_a_payment_begun_and_abandoned_can_be_tried_again_until_the_hold_lapses_and_then_expires(
    system: System,
) -> None:
    patient, doctor = await system.patient(), await system.doctor()
    slot = (await system.slots(doctor))[0]
    booking = await system.book(patient, slot)
    await system.sandbox.pay(booking["payment"]["order_id"], outcome="failed")
    await system.settle()
    assert (await system.appointment(patient, booking))["status"] == "pending-payment"

    again = await patient.call(
        "POST", "/api/v1/payments/initiate", {"appointment_id": booking["appointment"]["appointment_id"]}
    )
    assert again["order_id"] == booking["payment"]["order_id"]

    await system.clock.move(minutes=5, seconds=1)
    await system.becomes(patient, booking, "expired")
    assert slot["slot_id"] in [free["slot_id"] for free in await system.slots(doctor)]


async def test_a_cancelled_paid_booking_gets_its_refund_and_the_patient_is_told(system: System) -> None:
    patient, doctor = await system.patient(), await system.doctor()
    booking = await system.book(patient, (await system.slots(doctor))[0])
    await system.sandbox.pay(booking["payment"]["order_id"])
    await system.becomes(patient, booking, "confirmed")
    await system.settle()

    base = f"/api/v1/appointments/{booking['appointment']['appointment_id']}"
    assert (await patient.call("GET", f"{base}/cancellation"))["amount_owed_back"] == 50_000
    await patient.call("POST", f"{base}/cancel", {"reason_code": "patient-request"}, key=str(uuid4()))
    await system.settle()
    books = await system.sandbox.books(system.merchant)
    assert (books.captured, books.refunded) == (50_000, 50_000)
    assert (await system.appointment(patient, booking))["payment"]["status"] == "refunded"
    subjects = [mail["subject"] for mail in await system.sandbox.mails(patient.account["email"])]
    assert any("cancelled" in subject.lower() for subject in subjects)
    assert any("refund" in subject.lower() for subject in subjects)
