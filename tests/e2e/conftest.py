"""A browser, and the preview of every page for it to look at.

Both live for one module: the browser's synchronous driver keeps the thread's event loop to itself while open.
`clinic` is a whole running Niyat that the journeys of one module share, each with a patient of its own; the audit
looks at all of them together when the module ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.support import preview
from tests.support.browser import ARGUMENTS, chromium, served
from tests.support.postgres import Databases, PostgresForTests
from tests.support.sandbox import Json, Sandbox
from tests.support.sandbox_process import SandboxProcess
from tests.support.system import System, running_system, system

if TYPE_CHECKING:
    from playwright.async_api import Browser as AsyncBrowser
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.support.patient import Patient

__all__ = ["system"]


@dataclass(frozen=True)
class Clinic:
    """A running Niyat with a doctor who costs ₹500 and one who costs nothing."""

    system: System
    paid: Json
    free: Json


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clinic(
    postgres_server: PostgresForTests, moving_sandbox_process: SandboxProcess
) -> AsyncIterator[Clinic]:
    databases = Databases(postgres_server)
    async with Sandbox(moving_sandbox_process) as sandbox, running_system(databases, sandbox) as system:
        yield Clinic(system, await system.doctor(), await system.doctor(fee_amount=0))
        await sandbox.clear_faults()
    databases.drop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chrome() -> AsyncIterator[AsyncBrowser]:
    async_api = pytest.importorskip("playwright.async_api", reason="needs the playwright package")
    path = chromium()
    async with async_api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def patient(clinic: Clinic, chrome: AsyncBrowser) -> AsyncIterator[Patient]:
    """Somebody with a phone of 360 pixels, in English, by day."""
    from tests.support.patient import at_a_browser

    somebody = await at_a_browser(clinic.system, chrome)
    yield somebody
    await somebody.context.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the playwright package")
    path = chromium()
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(preview.create()) as address:
        yield address


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, timezone_id="Asia/Kolkata", reduced_motion="reduce"
    )
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
