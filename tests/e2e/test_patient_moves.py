"""A visit moves to another time: once, with its price effect shown first, and the page says from when to when."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

pytest.importorskip("playwright", reason="needs the playwright package (development dependencies)")

from playwright.async_api import Browser, expect

from tests.e2e.conftest import Clinic
from tests.support.patient import Look, Patient, at_a_browser
from tests.support.sandbox import Json

pytestmark = pytest.mark.asyncio(loop_scope="module")

TWICE = "button => { button.click(); button.click(); }"


async def _booked(clinic: Clinic, patient: Patient, doctor: Json | None = None, mode: str = "VIDEO") -> str:
    """Signed in, with a confirmed visit; its page's address."""
    await patient.go("/sign-in")
    await patient.sign_in()
    await patient.choose(doctor or clinic.free, mode=mode)
    free = doctor is None
    await patient.page.locator("#booking-form .booking-bar button").click()
    if not free:
        await patient.page.wait_for_url("**/pay")
        await patient.page.locator("#pay-form button").click()
        await patient.pay_by_upi()
    await patient.page.wait_for_url("**/confirmed")
    return urlsplit(patient.page.url).path.removesuffix("/confirmed")


async def _choose(patient: Patient, place: int = 2) -> str:
    """Another time, in five days; the id of its slot."""
    await patient.page.locator(".day-strip .choice").nth(5).click()
    chosen = patient.page.locator("fieldset.times:visible .choice:visible").nth(place)
    await chosen.click()
    return str(await chosen.locator("input").get_attribute("value"))


async def test_pressing_twice_moves_once_and_the_page_says_from_when_to_when(
    clinic: Clinic, patient: Patient
) -> None:
    page = patient.page
    address = await _booked(clinic, patient)
    [before] = await patient.booked()
    await patient.go(address)
    await patient.link("Move to another time").click()
    await patient.sees_heading("Choose the new time")
    slot = await _choose(patient)
    await expect(page.get_by_text("The price stays the same").locator("visible=true")).to_be_visible()
    await patient.seen("move")
    await patient.button("Move to this time").evaluate(TWICE)
    await patient.sees_heading("Your appointment was moved")
    await expect(page.get_by_text("It was on")).to_be_visible()
    await patient.seen("moved")
    await page.go_back()
    # The old form may still be there; sent again, it moves nothing further.
    if await patient.button("Move to this time").count():
        await patient.button("Move to this time").click()
    [after] = await patient.booked()
    assert (after["slot_id"], after["revision"]) == (slot, before["revision"] + 1)
    await patient.go(address)
    await expect(page.get_by_text("Moved to another time")).to_be_visible()


async def test_a_cheaper_way_says_what_comes_back_and_a_dearer_one_what_to_do(
    clinic: Clinic, chrome: Browser
) -> None:
    doctor = await clinic.system.doctor(
        consultations=[{"consultation_type": "IN_PERSON", "fee_amount": 80_000}],
    )
    patient = await at_a_browser(clinic.system, chrome, Look("en", "dark", (1280, 900)))
    page = patient.page
    address = await _booked(clinic, patient, doctor)
    await patient.go(f"{address}/move")
    await page.locator("label[for=mode-IN_PERSON]").click()
    await expect(page.get_by_text("This costs ₹300 more than your visit did")).to_be_visible()
    await expect(patient.button("Move to this time")).to_have_count(0)
    await patient.seen("move-dearer")
    # The clinic lowers the price of a video visit: the difference is shown, agreed to, and goes back.
    cheaper = {"consultation_type": "VIDEO", "fee_amount": 30_000}
    await clinic.system.admin.call(
        "PATCH",
        f"/api/v1/doctors/{doctor['doctor_id']}",
        {"consultations": [cheaper | {"slot_minutes": 30}], "reason": "A test needs it"},
    )
    await patient.go(f"{address}/move")
    await expect(page.get_by_text("₹200 comes back to you").locator("visible=true")).to_be_visible()
    await _choose(patient)
    await patient.button("Move to this time").click()
    await expect(page.get_by_text("₹200 goes back the way you paid")).to_be_visible()
    await clinic.system.settle()
    [visit] = await patient.booked()
    assert (visit["amount"], visit["payment"]["refunded_amount"]) == (30_000, 20_000)
    await patient.context.close()


async def test_a_time_that_somebody_else_took_is_said_and_the_visit_stays(
    clinic: Clinic, chrome: Browser
) -> None:
    patient = await at_a_browser(clinic.system, chrome, java_script_enabled=False)
    address = await _booked(clinic, patient)
    [before] = await patient.booked()
    await patient.go(f"{address}/move")
    slot = await _choose(patient, place=6)
    somebody = await clinic.system.patient()
    await clinic.system.book(somebody, {"slot_id": slot})
    await patient.button("Move to this time").click()
    await expect(patient.page.get_by_text("Someone else has just taken that time.")).to_be_visible()
    [after] = await patient.booked()
    assert after["slot_id"] == before["slot_id"]
    await _choose(patient, place=7)
    await patient.button("Move to this time").click()
    await patient.page.wait_for_url(re.compile("/moved"))
    await patient.sees_heading("Your appointment was moved")
    await patient.context.close()
