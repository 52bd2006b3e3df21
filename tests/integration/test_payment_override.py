"""An administrator's word on a payment, from `PATCH …/payment` to the history that the patient reads."""

from __future__ import annotations

from uuid import uuid4

from tests.support.sandbox import Json
from tests.support.system import Caller, System


async def override(system: System, booking: Json, status: str, **more: str) -> Json:
    path = f"/appointments/{booking['appointment']['appointment_id']}/payment"
    shown: Json = await system.admin.call(
        "PATCH", path, {"status": status, "reason_code": "by-phone", **more}, key=str(uuid4())
    )
    return shown


async def events(system: System, who: Caller, booking: Json) -> list[tuple[str, str, str]]:
    await system.settle()
    history = (await system.appointment(who, booking))["payment"]["history"]
    return [(fact["event"], fact["source"], fact["status"]) for fact in history]


async def test_cash_at_the_desk_confirms_the_visit_and_is_in_its_history_with_who_and_why(
    system: System,
) -> None:
    patient = await system.patient()
    booking = await system.book(patient, (await system.slots(await system.doctor()))[0])
    answer = await override(system, booking, "captured", method="cash", reference="Book 3, 41")
    assert (answer["payment"]["gateway"], answer["payment"]["status"]) == ("manual", "captured")
    confirmed = await system.becomes(patient, booking, "confirmed")
    assert await events(system, patient, booking) == [
        ("PAYMENT_INITIATED", "gateway", "pending"),
        ("PAYMENT_COMPLETED", "desk", "captured"),
        ("PAYMENT_OVERRIDDEN", "admin", "captured"),
    ]
    shown = (await system.appointment(patient, booking))["payment"]
    assert (shown["gateway"], shown["method"], shown["status"]) == ("manual", "cash", "captured")
    assert (shown["history"][-1]["actor_role"], shown["history"][-1]["reason_code"]) == ("admin", "by-phone")
    mails = await system.sandbox.mails(patient.account["email"])
    assert any("received ₹500" in mail["text"] for mail in mails)

    path = f"/api/v1/appointments/{confirmed['appointment_id']}/cancel"
    await system.admin.call("POST", path, {"reason_code": "doctor-away"}, key=str(uuid4()))
    await system.settle()
    payment = await system.admin.call("GET", f"/api/v1/payments/{shown['payment_id']}")
    (refund,) = payment["refunds"]
    assert (refund["status"], refund["amount"]) == ("pending", 50_000)
    handed = f"/api/v1/payments/refunds/{refund['refund_id']}/handed-back"
    await system.admin.call("POST", handed, {"reason_code": "given-at-desk"}, key=str(uuid4()))
    assert (await events(system, patient, booking))[-2:] == [
        ("REFUND_INITIATED", "desk", "pending"),
        ("REFUND_COMPLETED", "desk", "refunded"),
    ]
    mails = await system.sandbox.mails(patient.account["email"])
    assert any("handed ₹500" in mail["text"] for mail in mails)
    assert not any("payment provider" in mail["text"] for mail in mails), "it never had this money"
    assert (await system.sandbox.books(system.merchant)).captured == 0


async def test_an_expired_visit_is_taken_again_while_its_time_is_free_and_refused_when_it_is_not(
    system: System,
) -> None:
    patient, rival = await system.patient(), await system.patient()
    kept, lost = (await system.slots(await system.doctor()))[:2]
    late, later = await system.book(patient, kept), await system.book(patient, lost)
    await system.clock.move(minutes=6)
    await system.settle()
    await system.book(rival, lost)
    await override(system, late, "captured")
    await system.becomes(patient, late, "confirmed")
    path = f"/api/v1/appointments/{later['appointment']['appointment_id']}/payment"
    refused = await system.admin.ask("PATCH", path, {"status": "captured", "reason_code": "by-phone"})
    assert (refused.status_code, refused.json()["code"]) == (409, "time-gone")


async def test_a_voided_attempt_can_be_paid_anew_and_what_was_taken_is_not_undone(system: System) -> None:
    patient = await system.patient()
    booking = await system.book(patient, (await system.slots(await system.doctor()))[0])
    assert (await override(system, booking, "failed"))["payment"]["status"] == "failed"
    fresh = (await override(system, booking, "pending"))["payment"]
    assert fresh["outcome"] == "payable"
    await system.sandbox.pay(fresh["order_id"])
    await system.becomes(patient, booking, "confirmed")
    path = f"/appointments/{booking['appointment']['appointment_id']}/payment"
    refused = await system.admin.ask("PATCH", path, {"status": "failed", "reason_code": "by-phone"})
    assert (refused.status_code, refused.json()["code"]) == (409, "money-taken")
    told = await events(system, patient, booking)
    assert [event for event, source, _ in told if source == "admin"] == ["PAYMENT_OVERRIDDEN"] * 2
    assert (await system.appointment(patient, booking))["payment"]["status"] == "captured"
