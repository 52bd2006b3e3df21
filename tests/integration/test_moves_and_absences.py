"""What a patient lives through after the booking: another time, another price, a doctor who does not come."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.support.sandbox import Json
from tests.support.system import Caller, System

PRICE = 50_000


async def paid_visit(system: System, doctor: Json, who: Caller) -> tuple[str, Json]:
    """The path of a visit that is paid for, and the visit."""
    booking = await system.book(who, (await system.slots(doctor))[0])
    await system.sandbox.pay(booking["payment"]["order_id"])
    shown = await system.becomes(who, booking, "confirmed")
    await system.settle()
    return f"/api/v1/appointments/{shown['appointment_id']}", shown


async def move(system: System, who: Caller, path: str, doctor: Json, **more: Any) -> Json:
    slot = (await system.slots(doctor))[-1]
    body = {"slot_id": slot["slot_id"], **more}
    shown: Json = await who.call("POST", f"{path}/reschedule", body, key=str(uuid4()))
    await system.settle()
    return shown


async def price_becomes(system: System, amount: int) -> None:
    await system.niyat.services["appointments"].db.execute(
        "UPDATE consultation_settings SET fee_amount = $1", amount
    )


async def subjects(system: System, who: Caller) -> list[str]:
    return [mail["subject"] for mail in await system.sandbox.mails(who.account["email"])]


@pytest.mark.failure_row(44)
async def test_a_visit_moved_to_a_cheaper_time_gives_the_difference_back_once_and_the_rest_when_cancelled(
    system: System,
) -> None:
    patient, doctor = await system.patient(), await system.doctor(fee_amount=PRICE)
    path, _ = await paid_visit(system, doctor, patient)
    await price_becomes(system, 30_000)
    moved = await move(system, patient, path, doctor)
    assert (moved["amount"], moved["revision"]) == (30_000, 1)
    books = await system.sandbox.books(system.merchant)
    assert (books.captured, books.refunded, books.count("refund.created")) == (PRICE, 20_000, 1)
    assert (await system.audit()).clean
    told = await subjects(system, patient)
    assert any(subject.startswith("Moved:") for subject in told)
    await price_becomes(system, 25_000)
    await move(system, patient, path, doctor)
    assert (await system.sandbox.books(system.merchant)).refunded == 25_000
    assert (await patient.call("GET", path))["payment"]["status"] == "partially-refunded"
    await patient.call("POST", f"{path}/cancel", {"reason_code": "plans-changed"}, key=str(uuid4()))
    await system.settle()
    books = await system.sandbox.books(system.merchant)
    assert (books.refunded, books.count("refund.created")) == (PRICE, 3)
    assert (await patient.call("GET", path))["payment"]["status"] == "refunded"


@pytest.mark.parametrize("reason_code", ["doctor-absent", "video-failed"])
async def test_a_doctor_who_does_not_come_is_marked_so_and_the_patient_is_told_and_refunded_in_full(
    system: System, reason_code: str
) -> None:
    patient, doctor = await system.patient(), await system.doctor(fee_amount=PRICE)
    path, visit = await paid_visit(system, doctor, patient)
    await price_becomes(system, 30_000)
    visit = await move(system, patient, path, doctor)
    await system.clock.move_to(datetime.fromisoformat(visit["starts_at"]))
    body = {"status": "no-show", "party": "doctor", "reason_code": reason_code}
    me = await system.sign_in(email=doctor["email"])
    shown = await me.call("PATCH", f"{path}/status", body, key=str(uuid4()))
    assert (shown["no_show_party"], shown["amount_owed_back"]) == ("doctor", 30_000)
    await system.settle()
    books = await system.sandbox.books(system.merchant)
    assert (books.captured, books.refunded, books.count("refund.created")) == (PRICE, PRICE, 2)
    mails = [
        mail for mail in await system.sandbox.mails(patient.account["email"]) if "Sorry" in mail["subject"]
    ]
    assert len(mails) == 1
    assert "₹300.00" in mails[0]["text"]
    assert ("video connection" in mails[0]["text"]) is (reason_code == "video-failed")


async def test_a_patient_who_does_not_come_gets_nothing_back_and_the_visit_is_earned(system: System) -> None:
    patient, doctor = await system.patient(), await system.doctor(fee_amount=PRICE)
    path, visit = await paid_visit(system, doctor, patient)
    await system.clock.move_to(datetime.fromisoformat(visit["starts_at"]))
    body = {"status": "no-show", "reason_code": "patient-absent"}
    me = await system.sign_in(email=doctor["email"])
    shown = await me.call("PATCH", f"{path}/status", body, key=str(uuid4()))
    assert (shown["no_show_party"], shown["amount_owed_back"]) == ("patient", 0)
    told = len(await subjects(system, patient))
    await system.settle()
    assert (await system.sandbox.books(system.merchant)).refunded == 0
    assert not [subject for subject in (await subjects(system, patient))[told:] if "Sorry" in subject]
    sql = "SELECT account FROM ledger_entries WHERE account IN ('patient_deposit', 'doctor_payable') GROUP BY account"
    held = await system.niyat.services["payments"].db.fetch(f"{sql} HAVING sum(amount) <> 0")
    assert [row["account"] for row in held] == ["doctor_payable"]
