"""What a patient does in a real browser, over the whole running system: find, hold, pay, be confirmed, be told."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

pytest.importorskip("playwright", reason="needs the playwright package (development dependencies)")

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.support.browser import ARGUMENTS, chromium
from tests.support.sandbox import Json
from tests.support.system import System

SMALL = {"width": 360, "height": 740}


class Patient:
    """Somebody at a browser."""

    def __init__(self, system: System, context: BrowserContext, page: Page) -> None:
        self.system = system
        self.context = context
        self.page = page
        self.email = f"p{uuid4().hex}@patient.example"
        self._read = 0

    async def go(self, path: str) -> None:
        await self.page.goto(self.system.address + path)

    async def sign_in(self) -> None:
        """From the page that asks for it, by the code in the mail."""
        await self.page.get_by_label("Mobile number or email address").fill(self.email)
        await self.page.get_by_role("button", name="Send me a code").click()
        await self.page.wait_for_url("**/sign-in/code")
        mails = await self.system.sandbox.mails(self.email, after=self._read, wait_seconds=20)
        self._read = mails[0]["id"]
        codes = [code[0] for mail in mails if (code := re.search(r"\b\d{6}\b", mail["text"]))]
        await self.page.get_by_label("Code", exact=True).fill(codes[0])
        await self.page.get_by_role("button", name="Sign in", exact=True).last.click()

    async def choose(self, doctor: Json, *, mode: str = "Video") -> None:
        """The first free time of the day shown."""
        await self.go(f"/doctors/{doctor['doctor_id']}")
        await self.page.locator("fieldset.times:visible .choice").first.click()
        await self.page.locator(".choice", has_text=mode).click()

    async def hold(self, doctor: Json) -> str:
        """Signed in, a held time, on the page where one pays; the appointment's id."""
        await self.go("/sign-in")
        await self.sign_in()
        await self.page.wait_for_url(f"{self.system.address}/")
        await self.choose(doctor)
        await self.page.get_by_role("button", name="Hold this time").click()
        await self.page.wait_for_url("**/pay")
        return self.page.url.split("/")[-2]

    async def order(self) -> str:
        """The order that the page would have paid."""
        return str(await self.page.locator("#pay-form").get_attribute("data-order-id"))

    async def is_accessible(self) -> None:
        """axe finds nothing, and nothing is wider than the screen."""
        axe = pytest.importorskip("axe_playwright_python.async_playwright").Axe()
        found = await axe.run(self.page)
        assert found.violations_count == 0, found.generate_report()
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= self.page.viewport_size["width"]  # type: ignore[index]

    async def picture(self, name: str) -> None:
        """Kept when NIYAT_PICTURES names a folder."""
        if folder := os.environ.get("NIYAT_PICTURES"):
            await self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    async def booked(self) -> list[Json]:
        """Every appointment in the clinic."""
        return list((await self.system.admin.call("GET", "/api/v1/appointments"))["items"])


@pytest_asyncio.fixture
async def chrome() -> AsyncIterator[Browser]:
    path = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        await browser.close()


async def _at_a_browser(system: System, chrome: Browser, **more: Any) -> Patient:
    options: dict[str, Any] = {"viewport": SMALL, "timezone_id": "Asia/Kolkata", "reduced_motion": "reduce"}
    context = await chrome.new_context(**(options | more))
    context.set_default_timeout(10_000)
    return Patient(system, context, await context.new_page())


@pytest_asyncio.fixture
async def patient(system: System, chrome: Browser) -> AsyncIterator[Patient]:
    somebody = await _at_a_browser(system, chrome)
    yield somebody
    await somebody.context.close()


async def test_a_free_visit_is_booked_and_confirmed_and_what_was_typed_survives_signing_in(
    system: System, patient: Patient
) -> None:
    doctor = await system.doctor(fee_amount=0)
    await patient.go("/")
    await patient.is_accessible()
    await patient.picture("home")
    await patient.choose(doctor)
    await patient.page.get_by_label("What is it about?").fill("A rash")
    await patient.picture("doctor")
    await patient.is_accessible()
    await patient.page.get_by_role("button", name="Book this time").click()
    await patient.is_accessible()
    await patient.sign_in()
    await expect(patient.page.get_by_label("What is it about?")).to_have_value("A rash")
    await patient.page.get_by_role("button", name="Book this time").click()
    await expect(patient.page.get_by_role("heading", name="Your appointment is confirmed")).to_be_visible()
    await patient.picture("confirmed-free")
    await patient.is_accessible()
    assert [visit["reason_for_visit"] for visit in await patient.booked()] == ["A rash"]
    await system.settle()
    mails = await system.sandbox.mails(patient.email)
    assert any("confirmed" in mail["subject"].lower() for mail in mails), [m["subject"] for m in mails]


async def test_a_paid_visit_from_sign_in_to_the_mail_with_the_payment_window_closed_once_before(
    system: System, patient: Patient
) -> None:
    asked: set[str] = set()
    patient.page.on("request", lambda request: asked.add(request.url.split("/")[2]))
    await patient.hold(await system.doctor())
    at_home = system.address.removeprefix("http://")
    assert asked == {at_home}, "nothing is asked of another host before one pays"
    window = patient.page.frame_locator("iframe[title^=Payment]")
    await patient.page.get_by_role("button", name="Pay ₹500").click()
    await window.get_by_role("button", name="Close", exact=True).click()
    await expect(patient.page.locator("#retry")).to_contain_text("The payment window was closed")
    await expect(patient.page.locator("#retry")).to_contain_text("Your time is still held")
    await patient.picture("dismissed")
    await patient.is_accessible()
    await patient.page.get_by_role("button", name="Try again: pay ₹500").click()
    await window.get_by_role("link", name="UPI").click()
    await window.get_by_label("UPI ID").fill("success@razorpay")
    await patient.picture("checkout")
    await window.get_by_role("button", name="Pay ₹500").click()
    await expect(patient.page.get_by_role("heading", name="Your appointment is confirmed")).to_be_visible()
    assert asked == {at_home, system.sandbox.process.url.removeprefix("http://")}
    await system.settle()
    mails = await system.sandbox.mails(patient.email)
    assert any("confirmed" in mail["subject"].lower() for mail in mails), [m["subject"] for m in mails]


async def test_without_javascript_the_whole_journey_works_through_forms_and_the_hosted_page(
    system: System, chrome: Browser
) -> None:
    patient = await _at_a_browser(system, chrome, java_script_enabled=False)
    await patient.hold(await system.doctor())
    await patient.page.get_by_role("button", name="Pay ₹500").click()
    await patient.page.get_by_role("link", name="Close").click()
    await expect(patient.page.locator("#retry")).to_contain_text("The payment window was closed")
    await patient.page.get_by_role("button", name="Try again: pay ₹500").click()
    await patient.page.get_by_role("link", name="UPI").click()
    await patient.page.get_by_label("UPI ID").fill("success@razorpay")
    await patient.page.get_by_role("button", name="Pay ₹500").click()
    await patient.page.get_by_role("button", name="Continue to Niyat").click()
    await patient.page.wait_for_url("**/my/appointments/**")
    await system.settle()
    await patient.page.goto(patient.page.url)
    await expect(patient.page.get_by_role("heading", name="Your appointment is confirmed")).to_be_visible()
    await patient.context.close()


async def test_a_payment_made_elsewhere_shows_on_the_open_page(system: System, patient: Patient) -> None:
    await patient.hold(await system.doctor())
    await patient.is_accessible()
    await patient.picture("pay")
    await system.sandbox.pay(await patient.order())
    await expect(patient.page.get_by_role("heading", name="Your appointment is confirmed")).to_be_visible()
    await patient.picture("confirmed")
    await patient.go("/my/appointments")
    await expect(patient.page.get_by_text("Confirmed").first).to_be_visible()
    await patient.picture("appointments")
    await patient.is_accessible()


async def test_a_failed_payment_shows_the_retry_banner_and_a_hold_that_ran_out_says_so(
    system: System, patient: Patient
) -> None:
    await patient.hold(await system.doctor())
    await system.sandbox.pay(await patient.order(), outcome="failed")
    await expect(patient.page.locator("#retry")).to_contain_text("The payment did not go through")
    await expect(patient.page.locator("#retry")).to_contain_text("Your time is still held")
    await patient.picture("failed")
    await patient.is_accessible()
    await patient.page.reload()
    await expect(patient.page.locator("#retry")).to_be_visible()
    await system.clock.move(minutes=5, seconds=1)
    await system.settle()
    await patient.page.evaluate("window.dispatchEvent(new Event('online'))")
    await expect(patient.page.get_by_role("heading", name="The hold ran out")).to_be_visible()
    await patient.picture("lapsed")
    await patient.is_accessible()


async def test_pressing_twice_and_going_back_books_once(system: System, patient: Patient) -> None:
    await patient.go("/sign-in")
    await patient.sign_in()
    await patient.choose(await system.doctor())
    button = patient.page.get_by_role("button", name="Hold this time")
    await button.evaluate("button => { button.click(); button.click(); }")
    await patient.page.wait_for_url("**/pay")
    first = patient.page.url
    await patient.page.go_back()
    # The time is theirs by now, so it is offered no more; pressing again finds the booking or asks for a time.
    async with patient.page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        await patient.page.get_by_role("button", name="Hold this time").click()
    assert (await answer.value).status in (303, 422)
    assert [
        f"{system.address}/my/appointments/{one['appointment_id']}/pay" for one in await patient.booked()
    ] == [first]


async def test_an_expired_session_leads_through_sign_in_back_to_the_page(
    system: System, patient: Patient
) -> None:
    appointment_id = await patient.hold(await system.doctor())
    # The access token alone is renewed without a word; without the session one signs in and is back.
    await patient.context.clear_cookies(name="niyat_access")
    await patient.page.reload()
    await expect(patient.page.locator("#pay-form")).to_be_visible()
    await patient.context.clear_cookies(name=re.compile("niyat_(access|refresh)"))
    await patient.page.evaluate("window.dispatchEvent(new Event('online'))")
    await expect(patient.page.locator("#signed-out")).to_be_visible()
    await system.clock.move(seconds=40)
    await patient.page.get_by_role("link", name="Sign in again").click()
    await patient.sign_in()
    await patient.page.wait_for_url(f"**/my/appointments/{appointment_id}/pay")


async def test_a_cancellation_shows_the_refund_before_one_agrees(system: System, patient: Patient) -> None:
    appointment_id = await patient.hold(await system.doctor())
    await system.sandbox.pay(await patient.order())
    await patient.page.wait_for_url("**/confirmed")
    await patient.go(f"/my/appointments/{appointment_id}/cancel")
    await patient.picture("cancel")
    await patient.is_accessible()
    await patient.page.get_by_role("button", name=re.compile("Cancel and get|Cancel it")).click()
    await expect(patient.page.get_by_text("You cancelled this appointment")).to_be_visible()
    await system.settle()
    await patient.page.reload()
    await patient.picture("cancelled")
    await patient.is_accessible()


async def test_a_post_from_another_site_changes_nothing(system: System, patient: Patient) -> None:
    appointment_id = await patient.hold(await system.doctor())
    cookies = {one["name"]: one["value"] for one in await patient.context.cookies()}
    http = system.connect()
    http.cookies.update(cookies)
    path = f"/my/appointments/{appointment_id}/cancel"
    form = {"csrf": cookies["niyat_csrf"], "idempotency_key": str(uuid4()), "quote": "50000"}
    for headers, fields in (
        ({"sec-fetch-site": "cross-site"}, form),
        ({"origin": "https://elsewhere.example"}, form),
        ({}, form | {"csrf": secrets.token_urlsafe(24)}),
    ):
        answer = await http.post(path, data=fields, headers=headers)
        assert answer.status_code == 403, answer.text
    assert [visit["status"] for visit in await patient.booked()] == ["pending-payment"]
