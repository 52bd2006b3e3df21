"""Every page and state in a real browser: accessible, within its width, usable by keyboard, true while it lives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("playwright", reason="needs the playwright package (development dependencies)")
pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python (development dependencies)")

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from niyat.gateway.web.shared.i18n import LANGUAGES
from tests.support import preview
from tests.support.browser import ARGUMENTS, chromium, served

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(preview.create()) as address:
        yield address


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 360, "height": 740}, timezone_id="Asia/Kolkata", reduced_motion="reduce")
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", preview.names())
def test_axe_finds_nothing_and_nothing_sticks_out(page: Page, address: str, name: str, language: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for width, theme in [(360, "light"), (1280, "dark")]:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.goto(f"{address}/{language}/{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page, options=RULES)
        assert found.violations_count == 0, found.generate_report()
    assert complaints == []


@pytest.mark.parametrize("name", preview.names())
def test_targets_are_large_enough_for_a_thumb(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/en/{name}")
    small = page.evaluate(
        """[...document.querySelectorAll("button, .button, .nav-link, input:not([type=hidden]), select, .wordmark")]
           .filter(e => e.checkVisibility()).map(e => [e.textContent.trim(), e.getBoundingClientRect()])
           .filter(([, r]) => r.height < 44 || r.width < 44).map(([t, r]) => `${t} ${r.width}x${r.height}`)"""
    )
    assert small == []


def _focus_walk(page: Page, steps: int) -> list[str]:
    walked = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        walked.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    return walked


def test_the_keyboard_goes_through_the_booking_form_in_the_order_one_reads_it(page: Page, address: str) -> None:
    page.goto(f"{address}/en/doctor")
    walked = _focus_walk(page, 14)
    assert walked[0] == "Skip to the content"
    order = ["change", "day-2025-11-07", "Later days", "slot-s1-40", "mode-VIDEO", "reason", "Hold this time"]
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
    expect(page.locator("#contact")).to_have_accessible_description("For example 98765 43210 or asha@example.in A mobile number has ten digits.")


def test_a_form_pressed_twice_is_sent_once_and_is_free_again_after_going_back(page: Page, address: str) -> None:
    sent: list[str] = []

    def receive(route: Route) -> None:
        sent.append(route.request.method)
        page.wait_for_timeout(300)
        route.fulfill(body="<title>sent</title>", content_type="text/html")

    page.route("**/my/appointments/*/cancel", receive)
    page.goto(f"{address}/en/cancel")
    button = page.get_by_role("button", name="Cancel and get ₹400 back")
    page.evaluate("b => { b.click(); b.click(); b.click(); }", button.element_handle())
    page.wait_for_url("**/cancel")
    page.wait_for_function("document.title === 'sent'")
    assert sent == ["POST"]
    page.go_back()
    button = page.get_by_role("button", name="Cancel and get ₹400 back")
    expect(button).not_to_have_attribute("aria-busy", "true")
    button.click()
    page.wait_for_function("document.title === 'sent'")
    assert sent == ["POST", "POST"]


def test_the_countdown_counts_what_the_server_says_is_left_and_asks_when_it_ends(page: Page, address: str) -> None:
    page.clock.install()
    asked: list[str] = []

    def lapsed(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=bytes(preview.show("checkout-lapsed", "en").body).decode(), content_type="text/html")

    page.route("**/my/appointments/a1/pay", lapsed)
    page.goto(f"{address}/en/checkout")
    clock = page.locator("#hold-countdown .clock")
    expect(clock).to_have_text("3:12")
    page.clock.run_for(20_000)
    expect(clock).to_have_text("2:52")
    page.clock.run_for(53_000)
    expect(page.locator("#announcer")).to_have_text("2 minutes left to pay")
    page.clock.run_for(125_000)
    expect(page.get_by_role("heading", name="The hold ran out")).to_be_visible()
    assert asked


def _answer_with(page: Page, name: str, **replace: str) -> None:
    def answer(route: Route) -> None:
        html = bytes(preview.show(name, "en").body).decode()
        for old, new in replace.items():
            html = html.replace(old, new)
        route.fulfill(body=html, content_type="text/html")

    page.route("**/my/appointments/*", answer)
    page.route("**/my/appointments/*/pay", answer)
    page.route("**/my/appointments", answer)


def test_a_live_update_changes_the_words_and_keeps_the_focus_where_it_was(page: Page, address: str) -> None:
    page.goto(f"{address}/en/appointments")
    details = page.locator("#appointment-a3").get_by_role("link", name="Details")
    details.focus()
    page.evaluate("document.activeElement.kept = true")
    _answer_with(page, "appointments", Confirmed="Completed")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#status-a3")).to_have_text("Completed")
    expect(details).to_be_focused()
    assert page.evaluate("document.activeElement.kept")


def test_an_update_says_aloud_what_changed_and_takes_the_pay_button_away(page: Page, address: str) -> None:
    page.goto(f"{address}/en/checkout")
    page.locator("#pay-form button").focus()
    _answer_with(page, "checkout-confirming")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#announcer")).to_have_text("Payment received, confirming. Please do not pay again.")
    expect(page.locator("#pay-form")).to_have_count(0)
    expect(page.locator("[data-countdown]")).to_have_count(0)
    assert page.evaluate("document.activeElement.id") == "checkout-a1"


def test_what_was_typed_and_chosen_survives_a_live_update(page: Page, address: str) -> None:
    page.route("**/doctor", lambda route: route.continue_())
    page.goto(f"{address}/en/doctor")
    page.fill("#reason", "A rash")
    page.check("#day-2025-11-08", force=True)
    page.check("#slot-s2-60", force=True)
    page.route("**/doctor", lambda route: route.fulfill(body=bytes(preview.show("doctor", "en").body).decode().replace("12 free", "9 free"), content_type="text/html"))
    page.evaluate("document.querySelector('[data-live]').dataset.live = '/en/doctor'")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#count-2025-11-07")).to_have_text("9 free")
    expect(page.locator("#reason")).to_have_value("A rash")
    expect(page.locator("#day-2025-11-08")).to_be_checked()
    expect(page.locator("#slot-s2-60")).to_be_checked()


def test_an_expired_session_is_said_and_nothing_typed_is_lost(page: Page, address: str) -> None:
    page.goto(f"{address}/en/appointments")
    page.route("**/my/appointments", lambda route: route.fulfill(status=401))
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#signed-out")).to_be_visible()


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


@pytest.mark.parametrize("name", ["home", "doctor", "checkout", "checkout-confirming", "appointments", "cancel"])
def test_without_javascript_the_page_still_offers_its_way_on(browser: Browser, address: str, name: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{address}/en/{name}")
    ways = {"home": "Search", "doctor": "Hold this time", "checkout": "Pay ₹800", "cancel": "Cancel and get ₹400 back"}
    if name in ways:
        expect(page.get_by_role("button", name=ways[name])).to_be_enabled()
    else:
        link = "Look again" if name == "checkout-confirming" else "Pay ₹800"
        expect(page.get_by_role("link", name=link)).to_be_visible()
    context.close()
