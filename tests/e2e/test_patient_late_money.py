"""Money that comes late, or without a word: the page says what is true, and nobody pays twice."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="needs the playwright package (development dependencies)")

from playwright.async_api import Browser, expect

from tests.e2e.conftest import Clinic
from tests.support.patient import Look, Patient, at_a_browser
from tests.support.sandbox import Json

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _lost(clinic: Clinic, patient: Patient) -> str:
    """The hold ran out while the page was open, and somebody else took the time; the order that can still be paid."""
    await patient.hold(clinic.paid)
    order = await patient.order()
    [mine] = await patient.booked()
    await clinic.system.clock.move(minutes=5, seconds=1)
    await patient.sees_heading("The hold ran out")
    rival = await clinic.system.patient()
    slot: Json = {"slot_id": mine["slot_id"]}
    await clinic.system.book(rival, slot)
    return order


@pytest.mark.parametrize("look", [Look(), Look("hi", "light", (1280, 900))], ids=str)
async def test_money_after_the_time_is_gone_is_not_taken_and_the_page_says_so(
    clinic: Clinic, chrome: Browser, look: Look
) -> None:
    patient = await at_a_browser(clinic.system, chrome, look)
    order = await _lost(clinic, patient)
    await clinic.system.sandbox.pay(order)
    await clinic.system.settle()
    await patient.looks_again()
    await expect(patient.page.get_by_text(patient.says("You were not charged"), exact=True)).to_be_visible()
    await expect(patient.page.locator("#other-times")).to_be_visible()
    await patient.seen("not-charged")
    await patient.context.close()


@pytest.mark.failure_row(2)
async def test_money_that_was_taken_after_the_time_was_gone_goes_back_and_the_page_says_so(
    clinic: Clinic, patient: Patient
) -> None:
    order = await _lost(clinic, patient)
    await clinic.system.sandbox.pay(order, outcome="captured")
    await clinic.system.settle()
    await patient.looks_again()
    await expect(patient.page.get_by_text("₹500 is on its way back to you")).to_be_visible()
    await expect(patient.page.locator("#other-times")).to_be_visible()
    await patient.seen("refunding")
    await patient.go("/my/appointments")
    await expect(patient.page.get_by_text("Refunded", exact=True)).to_be_visible()


async def test_money_after_the_hold_while_the_time_is_free_confirms_it(
    clinic: Clinic, patient: Patient
) -> None:
    await patient.hold(clinic.paid)
    order = await patient.order()
    await clinic.system.clock.move(minutes=5, seconds=1)
    await patient.sees_heading("The hold ran out")
    await clinic.system.sandbox.pay(order)
    await patient.sees_heading("Your appointment is confirmed")
    [visit] = await patient.booked()
    assert (visit["status"], visit["payment"]["amount"]) == ("confirmed", 50_000)


@pytest.mark.failure_row(5)
async def test_a_window_lost_after_the_debit_is_found_and_confirmed_without_paying_again(
    clinic: Clinic, patient: Patient
) -> None:
    await patient.hold(clinic.paid)
    await clinic.system.sandbox.set_webhooks(clinic.system.merchant, mode="hold")
    await patient.button("Pay %(price)s", price="₹500").click()
    await patient.window.get_by_role("link", name="UPI").click()
    await patient.window.get_by_role("button", name="Close after debit").click()
    await expect(patient.page.locator("iframe[title^=Payment]")).to_have_count(0)
    # Neither the browser nor a webhook told us: we ask before the hold ends.
    await clinic.system.clock.move(minutes=4, seconds=50)
    await patient.sees_heading("Your appointment is confirmed")
    [visit] = await patient.booked()
    assert visit["payment"]["amount"] == 50_000
    await clinic.system.sandbox.set_webhooks(clinic.system.merchant, mode="deliver")


async def test_while_nobody_knows_the_page_says_wait_and_offers_no_second_payment(
    clinic: Clinic, patient: Patient
) -> None:
    appointment_id = await patient.hold(clinic.paid)
    await clinic.system.sandbox.add_fault(clinic.system.merchant, "payments.capture", "lose-answer")
    await clinic.system.sandbox.add_fault(
        clinic.system.merchant, "payments.fetch", "http-502-html", times=1000
    )
    await clinic.system.sandbox.set_webhooks(clinic.system.merchant, mode="hold")
    paid = await clinic.system.sandbox.pay(await patient.order())
    waiting = await clinic.system.sandbox.webhooks(clinic.system.merchant)
    seen = [one["id"] for one in waiting if one["entity_id"] == paid["razorpay_payment_id"]]
    await clinic.system.sandbox.send_webhook(seen[0])  # that it was authorised, and no more
    await patient.sees_heading("Payment received, confirming")
    await expect(patient.page.locator("#pay-form")).to_have_count(0)
    await expect(patient.page.locator("[data-countdown]")).to_have_count(0)
    await patient.seen("confirming")
    await patient.go("/my/appointments")
    await expect(patient.page.locator(f"#status-{appointment_id}")).to_contain_text("Received, confirming")
    await patient.go(f"/my/appointments/{appointment_id}/pay")
    await clinic.system.sandbox.clear_faults(clinic.system.merchant)
    await clinic.system.sandbox.set_webhooks(clinic.system.merchant, mode="deliver")
    await clinic.system.clock.move(minutes=2)
    await patient.sees_heading("Your appointment is confirmed")
