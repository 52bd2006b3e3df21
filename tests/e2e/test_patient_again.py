"""Twice, back, anew, elsewhere, too late: nothing is doubled, nothing typed is lost, the page says what happened."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright", reason="needs the playwright package (development dependencies)")

from playwright.async_api import expect

from tests.e2e.conftest import Clinic
from tests.support.patient import Patient

pytestmark = pytest.mark.asyncio(loop_scope="module")

TWICE = "button => { button.click(); button.click(); }"


async def test_reloading_at_every_step_loses_nothing_typed_and_does_nothing_twice(
    clinic: Clinic, patient: Patient
) -> None:
    page = patient.page
    await patient.go("/sign-in")
    await page.get_by_label("Mobile number or email address").fill(patient.email)
    await page.reload()
    await expect(page.get_by_label("Mobile number or email address")).to_have_value(patient.email)
    await patient.ask_for_a_code()
    await page.reload()
    await page.get_by_label("Code", exact=True).fill(await patient.code())
    await page.locator("main").get_by_role("button", name="Sign in").click()
    await page.get_by_label("Your name").fill("Asha Rao")
    await page.reload()
    await expect(page.get_by_label("Your name")).to_have_value("Asha Rao")
    await patient.button("Continue").click()
    await patient.choose(clinic.paid)
    await page.locator("#reason").fill("A rash")
    chosen = await page.locator("fieldset.times:visible input:checked").get_attribute("id")
    await page.reload()
    await expect(page.locator("#reason")).to_have_value("A rash")
    await expect(page.locator(f"#{chosen}")).to_be_checked()
    await patient.button("Hold this time").click()
    await patient.sees_heading("Pay and confirm")
    order = await patient.order()
    await page.reload()
    assert await patient.order() == order
    await patient.button("Pay %(price)s", price="₹500").click()
    await expect(patient.window.get_by_role("link", name="UPI")).to_be_visible()
    await page.reload()
    await patient.button("Pay %(price)s", price="₹500").click()
    await patient.pay_by_upi()
    await patient.sees_heading("Your appointment is confirmed")
    await page.reload()
    await patient.sees_heading("Your appointment is confirmed")
    appointment_id = page.url.split("/")[-2]
    await patient.go(f"/my/appointments/{appointment_id}/cancel")
    await page.reload()
    await page.get_by_role("button", name=re.compile("Cancel and get|Cancel it")).click()
    await expect(page.get_by_text("You cancelled this appointment")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("You cancelled this appointment")).to_be_visible()
    assert [(one["status"], one["reason_for_visit"]) for one in await patient.booked()] == [
        ("cancelled", "A rash")
    ]
    books = await clinic.system.sandbox.books(clinic.system.merchant)
    orders = [one for one in books.orders if one["id"] == order]
    assert [len(one["payments"]) for one in orders] == [1]


@pytest.mark.failure_row(39)
async def test_pressing_twice_and_going_back_at_every_step_does_it_once(
    clinic: Clinic, patient: Patient
) -> None:
    page = patient.page
    await patient.go("/sign-in")
    await patient.sign_in()
    await page.go_back()  # what asks who one is has nothing to ask any more
    await expect(page.locator("#contact, #code")).to_have_count(0)
    await patient.choose(clinic.paid)
    await page.locator("#reason").fill("A rash")
    await patient.button("Hold this time").evaluate(TWICE)
    await page.wait_for_url("**/pay")
    first = page.url
    await page.go_back()
    await expect(page.get_by_text("You are holding a time with this doctor")).to_be_visible()
    await patient.button("Hold this time").click()
    # The time is offered no more; but whether it went out with the form or not, there is one booking.
    await page.get_by_role("link", name="Pay ₹500").or_(page.locator("#pay-form")).first.wait_for()
    if page.url != first:
        await page.get_by_role("link", name="Pay ₹500").click()
    await page.wait_for_url(first)
    await patient.button("Pay %(price)s", price="₹500").evaluate(TWICE)
    await expect(page.locator("iframe[title^=Payment]")).to_have_count(1)
    await patient.pay_by_upi()
    await patient.sees_heading("Your appointment is confirmed")
    await page.go_back()
    await patient.sees_heading("Your appointment is confirmed")
    appointment_id = first.split("/")[-2]
    await patient.go(f"/my/appointments/{appointment_id}/cancel")
    await page.get_by_role("button", name=re.compile("Cancel and get|Cancel it")).evaluate(TWICE)
    await expect(page.get_by_text("You cancelled this appointment")).to_be_visible()
    await page.go_back()
    await patient.looks_again()
    if await page.get_by_role("button", name=re.compile("Cancel and get|Cancel it")).count():
        await page.get_by_role("button", name=re.compile("Cancel and get|Cancel it")).click()
    await expect(page.get_by_text("You cancelled this appointment")).to_be_visible()
    await clinic.system.settle()
    [visit] = await patient.booked()
    assert (visit["status"], visit["payment"]["refunded_amount"]) == ("cancelled", 50_000)


async def test_two_tabs_choose_the_same_time_and_hold_it_once(clinic: Clinic, patient: Patient) -> None:
    await patient.go("/sign-in")
    await patient.sign_in()
    other = await patient.another_tab()
    # The second tab hears of nothing, as when its hints are lost.
    await other.page.route(re.compile(r"/live(\?|$)"), lambda route: route.abort())
    await patient.choose(clinic.paid)
    await other.choose(clinic.paid)
    await patient.button("Hold this time").click()
    await patient.page.wait_for_url("**/pay")
    await other.button("Hold this time").click()
    await other.page.wait_for_url(patient.page.url)
    assert len(await patient.booked()) == 1


async def test_two_tabs_pay_and_cancel_and_each_tells_what_the_other_did(
    clinic: Clinic, patient: Patient
) -> None:
    appointment_id = await patient.hold(clinic.paid)
    other, third = await patient.another_tab(), await patient.another_tab()
    await other.go(f"/my/appointments/{appointment_id}/pay")
    await third.go(f"/my/appointments/{appointment_id}/cancel")
    await patient.button("Pay %(price)s", price="₹500").click()
    await patient.pay_by_upi()
    await patient.sees_heading("Your appointment is confirmed")
    await other.sees_heading("Your appointment is confirmed")
    # Nothing was paid when the third tab was opened; it promised that whatever is paid meanwhile comes back.
    await third.button("Cancel it").click()
    await expect(third.page.get_by_text("You cancelled this appointment")).to_be_visible()
    await expect(third.page.get_by_text("₹500 goes back the way you paid")).to_be_visible()
    await patient.go(f"/my/appointments/{appointment_id}/pay")
    await expect(patient.page.get_by_text("You cancelled this appointment")).to_be_visible()


async def test_an_expired_session_leads_through_sign_in_back_to_what_one_was_doing(
    clinic: Clinic, patient: Patient
) -> None:
    page = patient.page
    await patient.go("/sign-in")
    await patient.sign_in()
    await patient.choose(clinic.paid)
    await page.locator("#reason").fill("A rash")
    await patient.context.clear_cookies(name=re.compile("niyat_(access|refresh)"))
    await patient.button("Hold this time").click()
    await page.wait_for_url("**/sign-in?next=*")
    await clinic.system.clock.move(seconds=40)
    await patient.sign_in()
    await expect(page.locator("#reason")).to_have_value("A rash")
    await patient.button("Hold this time").click()
    await page.wait_for_url("**/pay")
    address = page.url
    # The access token alone is renewed without a word; without the session one signs in and is back.
    await patient.context.clear_cookies(name="niyat_access")
    await page.reload()
    await expect(page.locator("#pay-form")).to_be_visible()
    await patient.context.clear_cookies(name=re.compile("niyat_(access|refresh)"))
    await patient.looks_again()
    await expect(page.locator("#signed-out")).to_be_visible()
    await patient.seen("signed-out")
    await clinic.system.clock.move(seconds=40)
    await page.get_by_role("link", name="Sign in again").click()
    await patient.sign_in()
    await page.wait_for_url(address)
    assert len(await patient.booked()) == 1


async def test_a_payment_is_kept_though_the_session_ended_meanwhile(clinic: Clinic, patient: Patient) -> None:
    appointment_id = await patient.hold(clinic.paid)
    await patient.button("Pay %(price)s", price="₹500").click()
    await patient.window.get_by_role("link", name="UPI").wait_for()
    await patient.context.clear_cookies(name=re.compile("niyat_(access|refresh)"))
    await patient.pay_by_upi()
    await patient.page.wait_for_url("**/sign-in?next=*")
    await clinic.system.clock.move(seconds=40)
    await patient.sign_in()
    await patient.sees_heading("Your appointment is confirmed")
    assert appointment_id in patient.page.url


async def test_the_hold_runs_out_on_the_checkout_and_another_time_is_a_press_away(
    clinic: Clinic, patient: Patient
) -> None:
    await patient.hold(clinic.paid)
    await patient.button("Pay %(price)s", price="₹500").focus()
    await clinic.system.clock.move(minutes=5, seconds=1)
    await patient.sees_heading("The hold ran out")
    focused = await patient.page.evaluate("document.activeElement.closest('[data-live]') !== null")
    assert focused, "the place is kept when the button goes"
    await patient.seen("lapsed")
    await patient.page.get_by_role("region", name="Other times").get_by_role("link").first.click()
    assert await patient.page.locator("fieldset.times:visible input:checked").count() == 1
    await patient.page.locator("label[for=mode-VIDEO]").click()
    await patient.button("Hold this time").click()
    await patient.page.wait_for_url("**/pay")
    assert [one["status"] for one in await patient.booked()].count("pending-payment") == 1
