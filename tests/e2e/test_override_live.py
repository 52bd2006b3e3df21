"""The runbook's line: the patient's list reflects live status after a manual override."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

pytest.importorskip("playwright", reason="needs the playwright package (development dependencies)")

from playwright.async_api import Page, async_playwright, expect

from tests.support.browser import ARGUMENTS, chromium
from tests.support.sandbox import Json
from tests.support.system import System

PATIENCE = 20_000


async def _sign_in(system: System, page: Page) -> None:
    """A new patient, by the code in the mail."""
    email = f"p{uuid4().hex}@patient.example"
    await page.goto(f"{system.address}/sign-in")
    await page.get_by_label("Mobile number or email address").fill(email)
    await page.get_by_role("button", name="Send me a code").click()
    await page.wait_for_url("**/sign-in/code")
    mails = await system.sandbox.mails(email, wait_seconds=20)
    code = next(found[0] for mail in mails if (found := re.search(r"\b\d{6}\b", mail["text"])))
    await page.get_by_label("Code", exact=True).fill(code)
    await page.get_by_role("button", name="Sign in", exact=True).last.click()
    await page.wait_for_url(lambda url: "/sign-in/code" not in url)


async def _hold(system: System, page: Page, doctor: Json) -> str:
    """A held time that waits for its payment; the appointment's id."""
    await page.goto(f"{system.address}/doctors/{doctor['doctor_id']}")
    await page.locator("fieldset.times:visible .choice").first.click()
    await page.locator(".choice", has_text="Video").click()
    await page.get_by_role("button", name="Hold this time").click()
    await page.wait_for_url("**/pay")
    return page.url.split("/")[-2]


async def test_patient_list_reflects_live_status_after_a_manual_override(system: System) -> None:
    doctor = await system.doctor()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        page = await browser.new_page(timezone_id="Asia/Kolkata", reduced_motion="reduce")
        page.set_default_timeout(PATIENCE)
        await _sign_in(system, page)
        appointment_id = await _hold(system, page, doctor)
        await page.goto(f"{system.address}/my/appointments")
        await expect(page.get_by_text("Waiting for payment").first).to_be_visible(timeout=PATIENCE)
        loaded = await page.evaluate("performance.timeOrigin")

        said = {"status": "captured", "reason_code": "paid-at-desk", "method": "cash"}
        await system.admin.call("PATCH", f"/appointments/{appointment_id}/payment", said, key=str(uuid4()))
        await expect(page.get_by_text("Confirmed").first).to_be_visible(timeout=PATIENCE)
        await expect(page.get_by_text("Waiting for payment")).to_have_count(0)
        assert await page.evaluate("performance.timeOrigin") == loaded, "nobody loaded the page again"
        await browser.close()
