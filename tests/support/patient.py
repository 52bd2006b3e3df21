"""Somebody at a browser: what a patient does on the pages, step by step, with their mailbox beside them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from niyat.gateway.web.shared.i18n import translations
from tests.support.sandbox import Json
from tests.support.system import System

expect.set_options(timeout=20_000)  # a busy machine is no failure

MAILS_SAY = {"hi": {"code": "कोड", "confirmed": "पक्का"}}
"""How messages in other languages than English speak of it."""

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@dataclass(frozen=True)
class Look:
    """What somebody looks with."""

    language: str = "en"
    theme: str = "light"
    viewport: tuple[int, int] = (360, 740)

    def __str__(self) -> str:
        return f"{self.language}-{self.viewport[0]}-{self.theme}"

    @property
    def options(self) -> dict[str, Any]:
        width, height = self.viewport
        return {
            "viewport": {"width": width, "height": height},
            "color_scheme": self.theme,
            "locale": f"{self.language}-IN",
        }


class Patient:
    """The words of the page are looked up in their language, so every step works in each."""

    def __init__(self, system: System, context: BrowserContext, page: Page, look: Look) -> None:
        self.system = system
        self.context = context
        self.page = page
        self.look = look
        self.email = f"p{uuid4().hex}@patient.example"
        self.phone = ""
        self.hosts: set[str] = set()
        self._read = 0
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def says(self, message: str, **values: Any) -> str:
        """A message of the pages in this person's language."""
        return translations(self.look.language).gettext(message) % values

    def button(self, message: str, **values: Any) -> Locator:
        return self.page.get_by_role("button", name=self.says(message, **values), exact=True)

    def link(self, message: str, **values: Any) -> Locator:
        return self.page.get_by_role("link", name=self.says(message, **values), exact=True)

    async def sees_heading(self, message: str, **values: Any) -> None:
        await expect(self.page.get_by_role("heading", name=self.says(message, **values))).to_be_visible()

    async def go(self, path: str) -> None:
        await self.page.goto(self.system.address + path)

    async def ask_for_a_code(self) -> None:
        """From the page that asks for it."""
        field = self.page.get_by_label(self.says("Mobile number or email address"))
        await field.fill(self.phone or self.email)
        await self.button("Send me a code").click()
        await self.page.wait_for_url("**/sign-in/code")

    async def code(self) -> str:
        """The newest code in the mail, or on the phone."""
        box = self.system.sandbox
        for _ in range(5):  # other messages may come before it
            if self.phone:
                found = await box.texts(self.phone, after=self._read, wait_seconds=20)
            else:
                found = await box.mails(self.email, after=self._read, wait_seconds=20)
            self._read = found[0]["id"]
            for text in (one.get("body") or one["subject"] + one["text"] for one in found):
                if self._in_mails("code") in text and (code := re.search(r"\b\d{6}\b", text)):
                    return code[0]
        raise AssertionError("no code came")

    async def sign_in(self) -> None:
        """From the page that asks for it, by the code; past the question for a name, if it comes."""
        await self.ask_for_a_code()
        await self.page.get_by_label(self.says("Code"), exact=True).fill(await self.code())
        async with self.page.expect_navigation(url=re.compile(r"^(?!.*/sign-in)")):
            await self.page.locator("main").get_by_role("button", name=self.says("Sign in")).click()
        if "/welcome" in self.page.url:
            await self.page.locator("#name").fill("Asha Rao")
            await self.button("Continue").click()
            await self.page.wait_for_url(lambda url: "/welcome" not in url)

    async def choose(self, doctor: Json, *, mode: str = "VIDEO") -> None:
        """A time in three days, which gives everything back when it is cancelled."""
        await self.go(f"/doctors/{doctor['doctor_id']}")
        await self.page.locator(".day-strip .choice").nth(3).click()
        await self.page.locator("fieldset.times:visible .choice").first.click()
        await self.page.locator(f"label[for=mode-{mode}]").click()

    async def hold(self, doctor: Json) -> str:
        """Signed in, a held time, on the page where one pays; the appointment's id."""
        await self.go("/sign-in")
        await self.sign_in()
        await self.page.wait_for_url(f"{self.system.address}/")
        await self.choose(doctor)
        await self.button("Hold this time").click()
        await self.page.wait_for_url("**/pay")
        return self.page.url.split("/")[-2]

    async def order(self) -> str:
        """The order that the page would have paid."""
        return str(await self.page.locator("#pay-form").get_attribute("data-order-id"))

    @property
    def window(self) -> Any:
        """The provider's checkout, in its frame; it speaks English."""
        return self.page.frame_locator("iframe[title^=Payment]")

    async def pay_by_upi(self, vpa: str = "success@razorpay") -> None:
        """In the open checkout."""
        await self.window.get_by_role("link", name="UPI").click()
        await self.window.get_by_label("UPI ID").fill(vpa)
        await self.window.get_by_role("button", name=re.compile("^Pay")).click()

    async def looks_again(self) -> None:
        """What a lost hint costs at most half a minute is asked for now."""
        await self.page.evaluate("window.dispatchEvent(new Event('online'))")

    async def seen(self, name: str = "") -> None:
        """axe finds nothing, and nothing is wider than the screen. Kept when NIYAT_PICTURES names a folder.

        By night only the width: every page and state is held to axe in both themes elsewhere, from samples.
        """
        if self.look.theme == "light":
            await self._accessible()
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= self.look.viewport[0], f"{self.page.url} is {width} wide"
        if name and (folder := os.environ.get("NIYAT_PICTURES")):
            await self.page.screenshot(path=Path(folder) / f"{name}-{self.look}.png", full_page=True)

    async def _accessible(self) -> None:
        axe = pytest.importorskip("axe_playwright_python.async_playwright").Axe()
        found = await axe.run(self.page, options=RULES)
        assert found.violations_count == 0, found.generate_report()

    async def another_tab(self) -> Patient:
        """The same person in a second tab."""
        other = Patient(self.system, self.context, await self.context.new_page(), self.look)
        other.email, other.phone, other._read = self.email, self.phone, self._read
        return other

    async def booked(self) -> list[Json]:
        """Their appointments, as the pages' own session sees them."""
        answer = await self.context.request.get(f"{self.system.address}/my/appointments")
        ids = set(re.findall(r'id="appointment-([0-9a-f-]{36})"', await answer.text()))
        return [await self._appointment(one) for one in sorted(ids)]

    async def _appointment(self, appointment_id: str) -> Json:
        token = next(c["value"] for c in await self.context.cookies() if c["name"] == "niyat_access")
        caller = self.system.connect(token)
        answer = await caller.get(f"/api/v1/appointments/{appointment_id}")
        found: Json = answer.raise_for_status().json()
        return found

    async def mailed(self, about: str) -> Json:
        """The newest mail whose subject speaks of that."""
        seen, subjects = 0, []
        while mails := await self.system.sandbox.mails(self.email, after=seen, wait_seconds=20):
            seen = mails[0]["id"]
            for mail in mails:
                if self._in_mails(about) in mail["subject"].lower():
                    return mail
                subjects.append(mail["subject"])
        raise AssertionError(subjects)

    def _in_mails(self, about: str) -> str:
        return MAILS_SAY.get(self.look.language, {}).get(about, about)


async def at_a_browser(system: System, chrome: Browser, look: Look | None = None, **more: Any) -> Patient:
    """A new person, who has never been here."""
    look = look or Look()
    options = look.options | {"timezone_id": "Asia/Kolkata", "reduced_motion": "reduce"} | more
    context = await chrome.new_context(**options)
    context.set_default_timeout(30_000)
    return Patient(system, context, await context.new_page(), look)
