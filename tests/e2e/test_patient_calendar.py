"""A visit in one's own calendar, and the way into its video room."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

pytest.importorskip("playwright", reason="needs the playwright package (development dependencies)")

from playwright.async_api import expect

from tests.e2e.conftest import Clinic
from tests.support.patient import Patient

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_private_address_is_shown_once_replaced_and_revoked(
    clinic: Clinic, patient: Patient
) -> None:
    page = patient.page
    await patient.go("/sign-in")
    await patient.sign_in()
    await patient.choose(clinic.free)
    await page.locator("#booking-form .booking-bar button").click()
    await patient.sees_heading("Your appointment is confirmed")
    async with page.expect_download() as download:
        await patient.link("Add to calendar").click()
    assert "DTSTART" in (await (await download.value).path()).read_text("utf-8")
    await patient.go("/account")
    await patient.button("Make my private address").click()
    first = await page.get_by_label("Your private address").input_value()
    await patient.seen("calendar-feed")
    nobody = clinic.system.connect()
    assert "BEGIN:VEVENT" in (await nobody.get(first)).raise_for_status().text
    await patient.go("/account")
    await expect(page.get_by_label("Your private address")).to_have_count(0)
    await expect(page.get_by_text("Last read by a calendar")).to_be_visible()
    await patient.button("Make another address").click()
    second = await page.get_by_label("Your private address").input_value()
    assert (await nobody.get(first)).status_code == 404
    await patient.button("Stop sharing").click()
    await expect(patient.button("Make my private address")).to_be_visible()
    assert (await nobody.get(second)).status_code == 404


async def test_the_way_into_the_video_opens_before_the_visit_on_the_open_page(
    clinic: Clinic, patient: Patient
) -> None:
    page = patient.page
    await patient.go("/sign-in")
    await patient.sign_in()
    await patient.choose(clinic.free)
    await page.locator("#booking-form .booking-bar button").click()
    await patient.sees_heading("Your appointment is confirmed")
    [visit] = await patient.booked()
    address = f"/my/appointments/{visit['appointment_id']}"
    await patient.go(address)
    await expect(page.get_by_text("You can join the video here from")).to_be_visible()
    await expect(patient.link("Join the video")).to_have_count(0)
    await patient.go(f"{address}/join")
    await expect(page.get_by_text("You came before the video opened")).to_be_visible()
    await clinic.system.clock.move_to(datetime.fromisoformat(visit["starts_at"]) - timedelta(minutes=14))
    await patient.go(address)
    async with page.expect_popup() as opened:
        await patient.link("Join the video").click()
    room = await opened.value
    await room.wait_for_url(f"{clinic.system.sandbox.process.url}/**")
    # It left the page where it was, and tells the room nothing of it.
    assert await room.evaluate("[document.referrer, window.opener === null]") == ["", True]
    await patient.seen("video-open")
