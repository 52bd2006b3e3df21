"""A page that stays open stays true: forms, countdowns and live updates in a real browser."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="needs the playwright package (development dependencies)")

from playwright.sync_api import Page, Route, expect

from tests.support import preview


def test_a_form_pressed_twice_is_sent_once_and_is_free_again_after_going_back(
    page: Page, address: str
) -> None:
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


def _seconds_shown(page: Page) -> int:
    minutes, seconds = page.locator("#hold-countdown .clock").inner_text().split(":")
    return int(minutes) * 60 + int(seconds)


def test_the_countdown_counts_what_the_server_says_is_left_and_asks_when_it_ends(
    page: Page, address: str
) -> None:
    page.clock.install()
    over = False

    def lapsed(route: Route) -> None:
        if not over:
            route.abort()
            return
        route.fulfill(
            body=bytes(preview.show("checkout-lapsed", "en").body).decode(), content_type="text/html"
        )

    page.route("**/my/appointments/a1/pay", lapsed)
    page.goto(f"{address}/en/checkout")
    before = _seconds_shown(page)
    assert 188 <= before <= 192
    page.clock.run_for(20_000)
    assert before - 24 <= _seconds_shown(page) <= before - 20
    page.clock.run_for(53_000)
    expect(page.locator("#announcer")).to_have_text("2 minutes left to pay")
    over = True
    page.clock.run_for(125_000)
    expect(page.get_by_role("heading", name="The hold ran out")).to_be_visible()


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
    page.route(
        "**/doctor",
        lambda route: route.fulfill(
            body=bytes(preview.show("doctor", "en").body).decode().replace("12 free", "9 free"),
            content_type="text/html",
        ),
    )
    page.evaluate("document.querySelector('[data-live]').dataset.live = '/en/doctor'")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#count-2025-11-07 [data-modes=VIDEO]")).to_have_text("9 free")
    expect(page.locator("#reason")).to_have_value("A rash")
    expect(page.locator("#day-2025-11-08")).to_be_checked()
    expect(page.locator("#slot-s2-60")).to_be_checked()


def test_an_expired_session_is_said_and_nothing_typed_is_lost(page: Page, address: str) -> None:
    page.goto(f"{address}/en/appointments")
    page.route("**/my/appointments", lambda route: route.fulfill(status=401))
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#signed-out")).to_be_visible()
