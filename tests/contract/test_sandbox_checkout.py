"""checkout.js in a real browser: what the page hears of a payment, and what it does when somebody leaves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.merchant_page import assert_signed
from tests.support.sandbox import Account, Sandbox

if TYPE_CHECKING:
    from playwright.async_api import FrameLocator, Page


async def begin(page: Page, account: Account, order_id: str, **options: object) -> FrameLocator:
    given = {
        "key": account.key_id,
        "order_id": order_id,
        "amount": 50000,
        "currency": "INR",
        "name": "Asha's clinic",
        "description": "Visit",
        "prefill": {"email": "asha@example.com", "contact": "+919000012345"},
        "notes": {"visit": "7"},
        "theme": {"color": "#1a4f8b"},
        **options,
    }
    await page.evaluate("options => window.start(options)", given)
    await page.get_by_role("button", name="Pay").click()
    return page.frame_locator("iframe")


async def heard(page: Page, count: int) -> list[Any]:
    await page.wait_for_function(
        "n => JSON.parse(document.getElementById('heard').textContent).length >= n", arg=count
    )
    told: list[Any] = json.loads(await page.inner_text("#heard"))
    return told


async def pay_by_upi(till: FrameLocator, vpa: str) -> None:
    await till.get_by_role("link", name="UPI").click()
    await enter_upi(till, vpa)


async def enter_upi(till: FrameLocator, vpa: str) -> None:
    """On the UPI tab, where a second try starts again."""
    await till.get_by_label("UPI ID").fill(vpa)
    await till.get_by_role("button", name="Pay ₹500.00").click()


async def test_checkout_js_hands_the_page_a_failure_and_then_the_signed_payment(
    sandbox: Sandbox, account: Account, order_id: str, page: Page
) -> None:
    till = await begin(page, account, order_id)
    await pay_by_upi(till, "failure@razorpay")
    [[what, error]] = await heard(page, 1)
    assert (what, error.keys()) == (
        "failed",
        {"code", "description", "source", "step", "reason", "metadata"},
    )
    await till.get_by_role("link", name="Try again").click()
    await enter_upi(till, "success@razorpay")
    _, [what, handed] = await heard(page, 2)
    assert what == "paid"
    assert_signed(account, order_id, handed)
    assert await page.locator("iframe").count() == 0
    failed, paid = (await sandbox.books(account)).payments
    assert error["metadata"] == {"payment_id": failed["id"], "order_id": order_id}
    assert (paid["contact"], paid["notes"], paid["vpa"]) == (
        "+919000012345",
        {"visit": "7"},
        "success@razorpay",
    )


async def test_closing_the_checkout_calls_ondismiss_and_it_opens_again(
    account: Account, order_id: str, page: Page
) -> None:
    till = await begin(page, account, order_id)
    await till.get_by_role("button", name="Close", exact=True).click()
    assert await heard(page, 1) == [["dismissed", None]]
    await page.get_by_role("button", name="Pay").click()
    await till.get_by_label("Card number").press("Escape")
    assert len(await heard(page, 2)) == 2
    assert await page.locator("dialog").count() == 0


async def test_a_page_that_closes_after_the_debit_says_nothing(
    sandbox: Sandbox, account: Account, order_id: str, page: Page
) -> None:
    till = await begin(page, account, order_id)
    await till.get_by_role("button", name="Close after debit").click()
    await page.locator("dialog").wait_for(state="detached")
    assert await page.inner_text("#heard") == "[]"
    assert (await sandbox.books(account)).authorized == 50000


async def test_with_redirect_the_fields_are_posted_to_callback_url(
    account: Account, order_id: str, page: Page
) -> None:
    till = await begin(page, account, order_id, callback_url=f"{page.url}paid", redirect=True)
    await pay_by_upi(till, "success@razorpay")
    await page.wait_for_url("**/paid")
    assert_signed(account, order_id, json.loads(await page.inner_text("body")))


async def test_without_retry_a_failed_checkout_can_only_be_closed(
    account: Account, order_id: str, page: Page
) -> None:
    till = await begin(page, account, order_id, retry={"enabled": False})
    await till.get_by_role("button", name="Fail", exact=True).click()
    assert [what for what, _ in await heard(page, 1)] == ["failed"]
    assert await till.get_by_role("link", name="Try again").count() == 0
    await till.get_by_role("button", name="Close").click()
    assert [what for what, _ in await heard(page, 2)] == ["failed", "dismissed"]
