"""What a patient does in a real browser, over the whole running system: find, hold, pay, be confirmed, be told."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright", reason="needs the playwright package (development dependencies)")

from playwright.async_api import Browser, expect

from tests.e2e.conftest import Clinic
from tests.support.patient import Look, Patient, at_a_browser

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL, WIDE = (360, 740), (1280, 900)


@pytest.mark.parametrize(
    "look",
    [
        Look("en", "light", SMALL),
        Look("hi", "dark", SMALL),
        Look("hi", "light", WIDE),
        Look("en", "dark", WIDE),
    ],
    ids=str,
)
async def test_paid_booking_from_finding_a_doctor_to_the_confirmation_mail(
    clinic: Clinic, chrome: Browser, look: Look
) -> None:
    patient = await at_a_browser(clinic.system, chrome, look)
    await patient.go("/")
    await patient.seen("home")
    await patient.choose(clinic.paid)
    await patient.page.locator("#reason").fill("A rash")
    await patient.seen("doctor")
    await patient.button("Hold this time").click()
    await patient.seen("sign-in")
    await patient.ask_for_a_code()
    await patient.seen("sign-in-code")
    await patient.page.get_by_label(patient.says("Code"), exact=True).fill(await patient.code())
    await patient.page.locator("main").get_by_role("button", name=patient.says("Sign in")).click()
    await patient.sees_heading("Welcome")
    await patient.seen("welcome")
    await patient.page.locator("#name").fill("Asha Rao")
    await patient.button("Continue").click()
    await expect(patient.page.locator("#reason")).to_have_value("A rash")
    await patient.button("Hold this time").click()
    await patient.sees_heading("Pay and confirm")
    await patient.seen("pay")
    at_home, provider = (
        url.split("//")[1] for url in (clinic.system.address, patient.system.sandbox.process.url)
    )
    assert patient.hosts == {at_home}, "nothing is asked of another host before one pays"
    await patient.page.locator("#pay-form button").click()
    await patient.pay_by_upi()
    await patient.sees_heading("Your appointment is confirmed")
    await patient.seen("confirmed")
    assert patient.hosts == {at_home, provider}, "and then only of the checkout's"
    await patient.go("/my/appointments")
    await expect(patient.page.get_by_text(patient.says("Confirmed"), exact=True)).to_be_visible()
    await patient.seen("appointments")
    await patient.link("Details").click()
    await patient.sees_heading("What happened so far")
    await patient.seen("appointment")
    await patient.go("/account")
    await expect(patient.page.locator("#name")).to_have_value("Asha Rao")
    await patient.seen("account")
    assert [visit["reason_for_visit"] for visit in await patient.booked()] == ["A rash"]
    await clinic.system.settle()
    await patient.mailed("confirmed")
    await patient.context.close()


@pytest.mark.parametrize("look", [Look("en", "dark", SMALL), Look("hi", "dark", WIDE)], ids=str)
async def test_free_booking_is_confirmed_at_once(clinic: Clinic, chrome: Browser, look: Look) -> None:
    patient = await at_a_browser(clinic.system, chrome, look)
    await patient.go("/sign-in")
    await patient.sign_in()
    await patient.choose(clinic.free)
    await patient.seen("doctor-free")
    await patient.button("Book this time").click()
    await patient.sees_heading("Your appointment is confirmed")
    await patient.seen("confirmed-free")
    assert [visit["status"] for visit in await patient.booked()] == ["confirmed"]
    await clinic.system.settle()
    await patient.mailed("confirmed")
    await patient.context.close()


async def test_who_signs_in_by_phone_is_asked_once_for_a_name_and_an_address_for_receipts(
    clinic: Clinic, patient: Patient
) -> None:
    patient.phone = f"+9197{int(patient.email[1:9], 16) % 10**8:08d}"
    await patient.go("/sign-in?next=/account")
    await patient.ask_for_a_code()
    await patient.page.get_by_label("Code", exact=True).fill(await patient.code())
    await patient.page.locator("main").get_by_role("button", name="Sign in").click()
    await patient.page.get_by_label("Your name").fill("Asha Rao")
    await patient.page.get_by_label("Email for confirmations and receipts").fill("asha@nowhere")
    await patient.button("Continue").click()
    await expect(patient.page.get_by_text("That is not an email address.")).to_be_visible()
    await expect(patient.page.get_by_label("Your name")).to_have_value("Asha Rao")
    await patient.seen("welcome-wrong")
    await patient.page.get_by_label("Email for confirmations and receipts").fill(patient.email)
    await patient.page.keyboard.press("Enter")
    await patient.sees_heading("Asha Rao")
    await patient.choose(clinic.free)
    await patient.button("Book this time").click()
    await patient.sees_heading("Your appointment is confirmed")
    await clinic.system.settle()
    assert "Asha Rao" in (await patient.mailed("confirmed"))["text"]


async def test_who_leaves_the_question_for_later_is_not_asked_again(clinic: Clinic, patient: Patient) -> None:
    await patient.go("/sign-in")
    await patient.ask_for_a_code()
    await patient.page.get_by_label("Code", exact=True).fill(await patient.code())
    await patient.page.locator("main").get_by_role("button", name="Sign in").click()
    await patient.button("Not now").click()
    await patient.page.wait_for_url(f"{clinic.system.address}/")
    await patient.go("/account")
    await patient.button("Sign out").click()
    await clinic.system.clock.move(seconds=40)
    await patient.go("/sign-in?next=/account")
    await patient.ask_for_a_code()
    await patient.page.get_by_label("Code", exact=True).fill(await patient.code())
    await patient.page.locator("main").get_by_role("button", name="Sign in").click()
    await patient.sees_heading("My account")
    assert patient.page.url == f"{clinic.system.address}/account", "past the question for a name"


async def test_a_dismissed_payment_shows_the_retry_banner_and_can_be_tried_again(
    clinic: Clinic, patient: Patient
) -> None:
    await patient.hold(clinic.paid)
    await patient.button("Pay %(price)s", price="₹500").click()
    await patient.window.get_by_role("button", name="Close", exact=True).click()
    await expect(patient.page.locator("#retry")).to_contain_text("The payment window was closed")
    await expect(patient.page.locator("#retry")).to_contain_text(re.compile(r"still held for [1-5]:\d\d"))
    assert [visit["status"] for visit in await patient.booked()] == ["pending-payment"]
    await patient.seen("dismissed")
    await patient.button("Try again: pay %(price)s", price="₹500").click()
    await patient.pay_by_upi()
    await patient.sees_heading("Your appointment is confirmed")


@pytest.mark.parametrize("look", [Look("en", "dark", SMALL), Look("hi", "light", WIDE)], ids=str)
async def test_a_failed_payment_shows_the_retry_banner_and_why(
    clinic: Clinic, chrome: Browser, look: Look
) -> None:
    patient = await at_a_browser(clinic.system, chrome, look)
    await patient.hold(clinic.paid)
    await patient.page.locator("#pay-form button").click()
    # The card's form is there from the start; a press on its link would load it anew beneath what is being typed.
    await expect(patient.window.get_by_role("link", name="Card")).to_have_attribute("aria-current", "true")
    await patient.window.get_by_label("Card number").fill("4100 2800 0008 0001")
    await patient.window.get_by_label("Valid until").fill("12/40")
    await patient.window.get_by_label("CVV").fill("123")
    await patient.window.get_by_role("button", name=re.compile("^Pay")).click()
    await patient.window.get_by_label("OTP").fill("1234")
    await patient.window.get_by_role("button", name=re.compile("^Pay")).click()
    await patient.window.get_by_role("button", name="Close", exact=True).click()
    retry = patient.page.locator("#retry")
    await expect(retry).to_contain_text(patient.says("The payment did not go through"))
    await expect(retry).to_contain_text(patient.says("The account had too little money in it."))
    await expect(retry.locator(".clock")).to_have_text(re.compile(r"[1-5]:\d\d"))
    await patient.seen("failed")
    await patient.page.reload()
    await expect(retry).to_be_visible()
    assert [visit["status"] for visit in await patient.booked()] == ["pending-payment"]
    # What has no words of ours is said as the bank says it.
    await clinic.system.sandbox.pay(
        await patient.order(), outcome="failed", error={"reason": "payment_failed", "description": "No & no."}
    )
    await expect(retry).to_contain_text("No & no.")
    await patient.page.locator("#pay-form button").click()
    await patient.pay_by_upi()
    await patient.sees_heading("Your appointment is confirmed")
    await patient.context.close()


async def test_live_status_after_a_payment_made_elsewhere(clinic: Clinic, patient: Patient) -> None:
    """The page where one pays, the list and the appointment's own page are open, each in a tab; nobody reloads."""
    appointment_id = await patient.hold(clinic.paid)
    listed, detailed = await patient.another_tab(), await patient.another_tab()
    await listed.go("/my/appointments")
    await detailed.go(f"/my/appointments/{appointment_id}")
    await expect(listed.page.locator(f"#status-{appointment_id}")).to_have_text("Waiting for payment")
    await clinic.system.sandbox.pay(await patient.order())
    await patient.sees_heading("Your appointment is confirmed")
    for tab in (listed, detailed):
        # A tab in the background is asked by its clock or when one comes back to it; here one looks.
        await tab.page.bring_to_front()
        await expect(tab.page.locator(f"#status-{appointment_id}")).to_have_text("Confirmed")
        await expect(tab.page.locator(f"#payment-{appointment_id}")).to_have_text("Paid")


async def test_a_cancellation_shows_the_refund_before_one_agrees(clinic: Clinic, patient: Patient) -> None:
    appointment_id = await patient.hold(clinic.paid)
    await clinic.system.sandbox.pay(await patient.order())
    await patient.page.wait_for_url("**/confirmed")
    await patient.go(f"/my/appointments/{appointment_id}/cancel")
    await patient.seen("cancel")
    await patient.page.get_by_role("button", name=re.compile("Cancel and get|Cancel it")).click()
    await expect(patient.page.get_by_text("You cancelled this appointment")).to_be_visible()
    await clinic.system.settle()
    await patient.page.reload()
    await patient.seen("cancelled")
