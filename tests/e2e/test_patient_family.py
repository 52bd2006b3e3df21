"""Booking for somebody of the family: added in the booking form, which loses nothing that was chosen."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="needs the playwright package (development dependencies)")

from playwright.async_api import Browser, expect

from tests.e2e.conftest import Clinic
from tests.support.patient import Patient, at_a_browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _looked_again(patient: Patient) -> None:
    """The page has asked for its parts anew, and nothing that was said or chosen went."""
    async with patient.page.expect_response("**/doctors/*") as answer:
        await patient.looks_again()
    await (await answer.value).finished()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_somebody_of_the_family_is_added_while_booking_and_the_visit_says_who_comes(
    clinic: Clinic, chrome: Browser, scripts: bool
) -> None:
    patient = await at_a_browser(clinic.system, chrome, java_script_enabled=scripts)
    page = patient.page
    await patient.go("/sign-in")
    await patient.sign_in()
    await patient.choose(clinic.free)
    slot = await page.locator("fieldset.times:visible input:checked").get_attribute("value")
    await page.locator("#reason").fill("A rash")
    await page.get_by_text("Add somebody of my family").click()
    await page.get_by_label("Their name").fill("Ravi Rao")
    await page.get_by_role("button", name="Add, and book for them").click()
    await expect(page.get_by_text("Choose what they are to you.")).to_be_visible()
    if scripts:
        await _looked_again(patient)
        await expect(page.get_by_text("Choose what they are to you.")).to_be_visible()
    await page.get_by_label("To me they are").select_option("child")
    await page.get_by_role("button", name="Add, and book for them").click()
    if scripts:
        await _looked_again(patient)
    await expect(page.get_by_label("Who comes?").locator("option:checked")).to_have_text(
        "Ravi Rao (Daughter or son)"
    )
    await expect(page.locator("#reason")).to_have_value("A rash")
    await expect(page.locator("fieldset.times:visible input:checked")).to_have_value(str(slot))
    if scripts:
        await patient.seen("family")
    await page.locator("#booking-form .booking-bar button").click()
    await patient.sees_heading("Your appointment is confirmed")
    await expect(page.get_by_text("Ravi Rao")).to_be_visible()
    # The next booking offers them, and is for oneself unless one says otherwise.
    await patient.choose(clinic.free)
    await expect(page.get_by_label("Who comes?").locator("option")).to_have_count(2)
    await expect(page.get_by_label("Who comes?").locator("option:checked")).to_have_text("For me")
    await patient.go("/my/appointments")
    await expect(page.get_by_text("Ravi Rao")).to_be_visible()
    if scripts:
        [visit] = await patient.booked()
        assert visit["visitor"]["name"] == "Ravi Rao"
    await patient.context.close()
