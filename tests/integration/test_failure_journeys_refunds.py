"""Rows of docs/failure-modes.md that are about money on its way back, on the whole system; it ends in the audit."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from tests.support.journeys import PRICE, books_say, cancel, paid_visit, path_of, staff_are_told, subjects
from tests.support.sandbox import Json
from tests.support.system import Caller, System

# Each of these rows has its quick tests, with the same sandbox, in tests/integration/payments.
pytestmark = pytest.mark.long

DISPUTES = "/api/v1/payments/disputes"


async def paid(system: System, *, slot: int = 0) -> tuple[Caller, Json, str]:
    """A new patient's paid visit: its booking, and the gateway's id of its money."""
    patient = await system.patient()
    slots = await system.slots(await system.doctor(fee_amount=PRICE))
    booking = await paid_visit(system, patient, slots[slot])
    shown = await patient.call("GET", f"/api/v1/payments/{booking['payment']['payment_id']}")
    return patient, booking, str(shown["gateway_payment_id"])


def refund_path(booking: Json) -> str:
    return f"/api/v1/payments/{booking['payment']['payment_id']}/refund"


@pytest.mark.failure_row(22, 23, 24, 25)
async def test_a_refund_is_made_once_and_never_too_much_and_if_it_fails_after_all_both_sides_hear_of_it(
    system: System,
) -> None:
    patient, booking, _ = await paid(system)
    path, wish = refund_path(booking), {"amount": 20_000, "reason_code": "goodwill"}
    twice = await asyncio.gather(*(system.admin.call("POST", path, wish, key="once") for _ in range(2)))
    assert twice[0]["refund_id"] == twice[1]["refund_id"]
    more = await asyncio.gather(
        *(system.admin.ask("POST", path, wish | {"amount": 30_001}, key=f"more-{n}") for n in range(2))
    )
    assert [(each.status_code, each.json()["refundable"]) for each in more] == [(409, 30_000)] * 2
    await books_say(system, captured=PRICE, refunded=20_000, captures=1)

    (refund,) = (await system.sandbox.books(system.merchant)).refunds
    await system.sandbox.fail_refund(refund["id"])  # it was processed before
    await books_say(system, captured=PRICE, refunded=0, captures=1)
    shown = await patient.call("GET", f"/api/v1/payments/{booking['payment']['payment_id']}")
    assert (shown["status"], shown["refunded_amount"]) == ("captured", 0)
    assert "Your refund of ₹200.00 needs another way" in await subjects(system, patient)
    await staff_are_told(system)
    assert "A refund of ₹200.00 failed" in await subjects(system, system.admin)

    await system.admin.call("POST", path, wish, key="anew")
    await books_say(system, captured=PRICE, refunded=20_000, captures=1)
    assert (await system.appointment(patient, booking))["payment"]["status"] == "partially-refunded"


@pytest.mark.failure_row(26)
async def test_a_refund_made_in_the_dashboard_is_found_though_nobody_told_us_and_counts_for_the_booking(
    system: System,
) -> None:
    patient, booking, gateway_payment_id = await paid(system, slot=-1)
    await system.sandbox.set_webhooks(system.merchant, mode="drop")
    await system.sandbox.refund_in_dashboard(gateway_payment_id, 20_000)
    for _ in range(2):
        await system.clock.move(days=1, minutes=1)
        await system.settle()
    patient = await system.sign_in(phone=patient.account["phone"])
    assert (await system.appointment(patient, booking))["payment"]["status"] == "partially-refunded"
    await cancel(patient, booking)
    await books_say(system, captured=PRICE, refunded=PRICE, captures=1)
    assert (await system.appointment(patient, booking))["payment"]["status"] == "refunded"


@pytest.mark.failure_row(28)
async def test_a_refund_that_the_gateways_balance_does_not_cover_waits_and_goes_through_once_it_does(
    system: System,
) -> None:
    patient, booking, _ = await paid(system)
    await system.sandbox.settle(system.merchant)
    await system.sandbox.behave(system.merchant, low_balance="refused")
    with capture_logs() as lines:
        await cancel(patient, booking)
        await books_say(system, captured=PRICE, refunded=0, captures=1)
    assert {line["log_level"] for line in lines if "balance does not cover" in line["event"]} == {"error"}
    refunding = await patient.call("GET", f"/api/v1/payments/{booking['payment']['payment_id']}")
    assert [refund["status"] for refund in refunding["refunds"]] == ["pending"]
    for _ in range(2):
        await paid(system)  # new money fills the balance
    await system.clock.move(hours=2)
    await books_say(system, captured=3 * PRICE, refunded=PRICE, captures=3)
    assert (await system.sandbox.books(system.merchant)).count("refund.created") == 1


@pytest.mark.failure_row(29, 30)
async def test_a_dispute_freezes_its_visits_money_and_what_it_took_is_not_given_back_once_more(
    system: System,
) -> None:
    patient, booking, gateway_payment_id = await paid(system)
    dispute = await system.sandbox.dispute(gateway_payment_id)
    await system.settle()
    (known,) = (await system.admin.call("GET", DISPUTES, params={"status": "open"}))["items"]
    assert known["respond_by"]
    wish = {"amount": 1_000, "reason_code": "goodwill"}
    refused = await system.admin.ask("POST", refund_path(booking), wish, key="frozen")
    assert (refused.status_code, refused.json()["code"]) == (409, "payment-disputed")
    await cancel(patient, booking)
    await books_say(system, captured=PRICE, refunded=0, captures=1)
    await system.sandbox.decide_dispute(dispute["id"], "lost")
    await ended(system)
    assert (await system.sandbox.books(system.merchant)).deducted == PRICE
    await books_say(system, captured=PRICE, refunded=0, captures=1)
    assert (await patient.call("GET", path_of(booking)))["payment"]["status"] == "refunded"

    other, theirs, gateway_payment_id = await paid(system)
    await cancel(other, theirs)
    await books_say(system, captured=2 * PRICE, refunded=PRICE, captures=2)
    dispute = await system.sandbox.dispute(gateway_payment_id)
    await system.sandbox.decide_dispute(dispute["id"], "lost")
    await ended(system)
    db = system.niyat.services["payments"].db
    twice = await db.fetch("SELECT gateway_payment_id, amount FROM double_losses")
    assert [tuple(row) for row in twice] == [(gateway_payment_id, PRICE)]
    booked = "SELECT sum(amount) FROM ledger_entries WHERE account = 'chargeback_loss'"
    assert await db.fetchval(booked) == PRICE


async def ended(system: System) -> None:
    """The gateway's decision has been told of, and asked about."""
    await system.settle()
    await system.clock.move(minutes=2)
    await system.settle()
