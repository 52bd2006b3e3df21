"""Fixtures: `sandbox` for nearly every test, `moving_sandbox` for one that moves its clock and whose databases follow
it, `own_sandbox` for one that kills it or needs the clock for itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.sandbox import Sandbox
from tests.support.sandbox_process import SandboxProcess
from tests.support.webhook_receiver import WebhookReceiver


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One process for the tests of this worker that leave its clock alone: it shows the real time."""
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"), clock_moves=False)
    yield process
    process.stop()


@pytest.fixture(scope="session")
def moving_sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One process for the tests of this worker that move time: it may be days ahead when a test begins."""
    process = SandboxProcess(tmp_path_factory.mktemp("moving-sandbox"))
    yield process
    process.stop()


@pytest_asyncio.fixture
async def sandbox(sandbox_process: SandboxProcess) -> AsyncIterator[Sandbox]:
    """The shared sandbox; afterwards nothing is left to go wrong."""
    async with Sandbox(sandbox_process) as shared:
        yield shared
        await shared.clear_faults()
        await shared.clear_mail_faults()


@pytest_asyncio.fixture
async def moving_sandbox(moving_sandbox_process: SandboxProcess) -> AsyncIterator[Sandbox]:
    """The other shared sandbox; afterwards its clock ticks and nothing is left to go wrong."""
    async with Sandbox(moving_sandbox_process) as shared:
        yield shared
        await shared.shift_clock(0, freeze=False)
        await shared.clear_faults()
        await shared.clear_mail_faults()


@pytest_asyncio.fixture
async def own_sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A process of this test's own."""
    process = SandboxProcess(tmp_path / "sandbox")
    async with Sandbox(process) as own:
        yield own
    process.stop()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    """Somebody who receives webhooks and keeps the exact bytes."""
    async with WebhookReceiver() as listening:
        yield listening
