"""Every page and state in a real browser: accessible, in its width, by keyboard, without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("playwright", reason="needs the playwright package (development dependencies)")
pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python (development dependencies)")

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect

from niyat.gateway.web.shared.i18n import LANGUAGES
from tests.support import preview

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


# Each theme and each width is seen in one language or the other, the phone in both themes.
LOOKS = {"en": [(360, "light"), (360, "dark"), (1280, "dark")], "hi": [(360, "dark"), (1280, "light")]}

TOO_SMALL_FOR_A_THUMB = """
[...document.querySelectorAll("button, .button, .nav-link, .wordmark, select, .choice, .input")]
  .filter(e => e.checkVisibility()).map(e => [e.textContent.trim(), e.getBoundingClientRect()])
  .filter(([, r]) => r.height < 44 || r.width < 44).map(([t, r]) => `${t} ${r.width}x${r.height}`)
"""


@pytest.fixture(scope="module")
def screen(browser: Browser) -> Iterator[Page]:
    """One tab for pages that are only looked at: opening a new one costs more than looking."""
    page = browser.new_page(reduced_motion="reduce", timezone_id="Asia/Kolkata")
    yield page
    page.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", preview.names())
def test_axe_finds_nothing_and_everything_fits(screen: Page, address: str, name: str, language: str) -> None:
    complaints: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def fail(error: Error) -> None:
        complaints.append(str(error))

    screen.on("console", complain)
    screen.on("pageerror", fail)
    for width, theme in LOOKS[language]:
        screen.set_viewport_size({"width": width, "height": 800})
        screen.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        screen.goto(f"{address}/{language}/{name}")
        assert screen.evaluate("document.documentElement.scrollWidth") <= width
        assert screen.evaluate(TOO_SMALL_FOR_A_THUMB) == []
        found = Axe().run(screen, options=RULES)
        assert found.violations_count == 0, found.generate_report()
    screen.remove_listener("console", complain)
    screen.remove_listener("pageerror", fail)
    assert complaints == []


def _focus_walk(page: Page, steps: int) -> list[str]:
    walked = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        walked.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    return walked


def test_the_keyboard_goes_through_the_booking_form_in_the_order_one_reads_it(
    page: Page, address: str
) -> None:
    page.goto(f"{address}/en/doctor")
    walked = _focus_walk(page, 14)
    assert walked[0] == "Skip to the content"
    order = ["mode-VIDEO", "change", "day-2025-11-07", "Later days", "slot-s1-40", "reason", "Hold this time"]
    assert [one for one in walked if one in order] == order


def test_the_skip_link_leads_past_the_header(page: Page, address: str) -> None:
    page.goto(f"{address}/en/home")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "name"


def test_a_day_shows_its_own_times_and_changing_it_loses_nothing_typed(page: Page, address: str) -> None:
    page.goto(f"{address}/en/doctor")
    page.fill("#reason", "A rash")
    page.check("#day-2025-11-08", force=True)
    expect(page.locator("#times-2025-11-08")).to_be_visible()
    expect(page.locator("#times-2025-11-07")).to_be_hidden()
    expect(page.locator("#reason")).to_have_value("A rash")


def test_the_wrong_field_has_the_focus_and_says_what_is_wrong(page: Page, address: str) -> None:
    page.goto(f"{address}/en/sign-in-wrong")
    expect(page.locator("#contact")).to_be_focused()
    expect(page.locator("#contact")).to_have_accessible_description(
        "For example 98765 43210 or asha@example.in A mobile number has ten digits."
    )


def test_a_dialog_takes_the_focus_and_gives_it_back(page: Page, address: str) -> None:
    page.goto(f"{address}/en/style")
    opener = page.get_by_role("link", name="Open it")
    opener.click()
    expect(page.locator("#sample-dialog")).to_be_visible()
    assert Axe().run(page, options=RULES).violations_count == 0
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_the_theme_changes_at_once_and_is_remembered(page: Page, address: str) -> None:
    page.goto(f"{address}/en/home")
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert {"name": "theme", "value": "dark"}.items() <= page.context.cookies()[-1].items()


@pytest.mark.parametrize(
    "name", ["home", "doctor", "checkout", "checkout-confirming", "appointments", "cancel"]
)
def test_without_javascript_the_page_still_offers_its_way_on(
    browser: Browser, address: str, name: str
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{address}/en/{name}")
    ways = {
        "home": "Search",
        "doctor": "Hold this time",
        "checkout": "Pay ₹800",
        "cancel": "Cancel and get ₹400 back",
    }
    if name in ways:
        expect(page.get_by_role("button", name=ways[name])).to_be_enabled()
    else:
        link = "Look again" if name == "checkout-confirming" else "Pay ₹800"
        expect(page.get_by_role("link", name=link)).to_be_visible()
    context.close()


def test_a_way_to_meet_shows_its_own_fee_and_its_own_times(page: Page, address: str) -> None:
    page.goto(f"{address}/en/doctor")
    expect(page.locator(".booking-bar [data-modes=VIDEO]")).to_have_text("₹800")
    evening = page.locator("#slot-s1-390")
    expect(page.locator("label[for=slot-s1-390]")).to_be_visible()
    page.check("#mode-IN_PERSON", force=True)
    expect(page.locator(".booking-bar [data-modes=IN_PERSON]")).to_be_visible()
    expect(page.locator(".booking-bar [data-modes=VIDEO]")).to_be_hidden()
    expect(evening).to_be_hidden()
    expect(page.locator("#count-2025-11-07 [data-modes=IN_PERSON]")).to_be_visible()
    expect(page.locator("#count-2025-11-07 [data-modes=VIDEO]")).to_be_hidden()
