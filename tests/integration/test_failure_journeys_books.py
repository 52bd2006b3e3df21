"""Rows of docs/failure-modes.md that are about doctors' money and the bank's, on the whole system; it ends in the
audit.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.integration.test_payout_journey import WHY, fund_account
from tests.support.journeys import PRICE, books_say, paid_visit, path_of, staff_are_told, subjects
from tests.support.sandbox import Json
from tests.support.system import Caller, System

# Each of these rows has its quick tests, with the same sandbox, in tests/integration/payments.
pytestmark = pytest.mark.long

OWN = "/api/v1/payouts/doctors"


async def held(system: System, doctor: Json) -> tuple[Caller, Json]:
    """A visit that was paid for and took place; the administrator, signed in anew, and its booking."""
    patient = await system.patient()
    booking = await paid_visit(system, patient, (await system.slots(doctor))[0])
    ends_at = datetime.fromisoformat(booking["appointment"]["ends_at"])
    await system.clock.move_to(ends_at + timedelta(minutes=1))
    me = await system.sign_in(email=doctor["email"])
    admin = await system.sign_in(email=system.admin.account["email"])
    done = {"status": "completed", "reason_code": "visit-held"}
    await me.call("PATCH", f"{path_of(booking)}/status", done, key=str(uuid4()))
    await system.settle()
    return admin, booking


async def pay_out(system: System, admin: Caller) -> None:
    batch = await admin.call(
        "POST", "/api/v1/payouts/batches", {"until": "2099-12-31", **WHY}, key=str(uuid4())
    )
    await admin.call("POST", f"/api/v1/payouts/batches/{batch['batch_id']}/approve", WHY, key=str(uuid4()))
    await system.settle()
    await system.clock.move(minutes=2)
    await system.settle()


async def owed(admin: Caller, doctor: Json) -> int:
    (balance,) = await admin.call("GET", f"{OWN}/{doctor['doctor_id']}/balance")
    return int(balance["owed"])


@pytest.mark.failure_row(53, 56)
async def test_a_payout_that_comes_back_is_owed_again_and_a_refund_after_it_is_owed_by_the_doctor(
    system: System,
) -> None:
    doctor = await system.doctor(fee_amount=PRICE)
    admin, booking = await held(system, doctor)
    account = {"fund_account_id": await fund_account(system), **WHY}
    await admin.call("PUT", f"{OWN}/{doctor['doctor_id']}/fund-account", account)
    await pay_out(system, admin)
    (payout,) = (await system.sandbox.books(system.merchant)).payouts
    assert (await owed(admin, doctor), payout["status"]) == (0, "processed")

    await system.sandbox.decide_payout(payout["id"], "reverse")
    await system.settle()
    assert await owed(admin, doctor) == PRICE
    assert (await system.sandbox.books(system.merchant)).paid_out == 0
    await staff_are_told(system)
    assert "Staff must act: payout-reversed" in await subjects(system, admin)
    await pay_out(system, admin)
    assert (await owed(admin, doctor), (await system.sandbox.books(system.merchant)).paid_out) == (0, PRICE)

    wish = {"amount": PRICE, "reason_code": "goodwill"}
    refund = f"/api/v1/payments/{booking['payment']['payment_id']}/refund"
    await admin.call("POST", refund, wish, key="after")
    await books_say(system, captured=PRICE, refunded=PRICE, captures=1)
    assert await owed(admin, doctor) == -PRICE


@pytest.mark.failure_row(54)
async def test_a_settlement_that_is_not_the_ledger_is_named_difference_by_difference(system: System) -> None:
    slots = await system.slots(await system.doctor(fee_amount=PRICE))
    attempts = []
    for slot in slots[:3]:
        patient = await system.patient()
        booking = await paid_visit(system, patient, slot)
        shown = await patient.call("GET", f"/api/v1/payments/{booking['payment']['payment_id']}")
        attempts.append(shown["gateway_payment_id"])
    settlement = await system.sandbox.settle(system.merchant)
    await system.sandbox.spoil_report(settlement["id"], "missing", attempts[0])
    await system.sandbox.spoil_report(settlement["id"], "one-paisa-off", attempts[1])
    for _ in range(2):
        await system.clock.move(days=1)
        await system.settle()
    admin = await system.sign_in(email=system.admin.account["email"])
    found = await admin.call("GET", "/api/v1/reconciliation/differences", params={"status": "open"})
    named = {item["entity_id"] or item["settlement_id"]: item["kind"] for item in found["items"]}
    assert set(named) <= {*attempts[:2], settlement["id"]}, found
    assert {*attempts[:2]} & set(named), found
    assert attempts[2] not in named
