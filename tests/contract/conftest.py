"""A merchant with an order to pay, and a real browser on a page of theirs."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import ARGUMENTS, chromium
from tests.support.merchant_page import host_page
from tests.support.require import need
from tests.support.sandbox import Account, Sandbox

if TYPE_CHECKING:
    from playwright.async_api import Page


@pytest.fixture
async def account(sandbox: Sandbox) -> Account:
    return await sandbox.register_account()


@pytest.fixture
async def order_id(sandbox: Sandbox, account: Account) -> str:
    """Of ₹500, to be captured by hand."""
    body = {"amount": 50000, "currency": "INR", "payment": {"capture": "manual"}}
    made = await sandbox.http.post("/razorpay/v1/orders", json=body, auth=account.auth)
    return str(made.raise_for_status().json()["id"])


@pytest.fixture
async def page(sandbox: Sandbox) -> AsyncIterator[Page]:
    need("browser", importlib.util.find_spec("playwright") is not None, "the playwright package is missing")
    path = chromium()
    from playwright.async_api import async_playwright

    with host_page(sandbox.process.url) as address:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
            opened = await browser.new_page(viewport={"width": 390, "height": 780})
            opened.set_default_timeout(30_000)
            await opened.goto(address)
            yield opened
            await browser.close()
