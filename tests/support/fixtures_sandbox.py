"""Fixtures: `sandbox` for nearly every test, `own_sandbox` for one that kills it or owns its clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.sandbox import Sandbox, SandboxProcess
from tests.support.webhook_receiver import WebhookReceiver


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One process for all tests of this worker."""
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    yield process
    process.stop()


@pytest_asyncio.fixture
async def sandbox(sandbox_process: SandboxProcess) -> AsyncIterator[Sandbox]:
    """The shared sandbox; afterwards its clock ticks and nothing is left to go wrong."""
    async with Sandbox(sandbox_process) as shared:
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
