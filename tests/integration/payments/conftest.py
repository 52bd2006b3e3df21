"""`world`: a payments service; when the test ends, everything is settled and its books must be clean."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.payments_world import World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Sandbox


@pytest_asyncio.fixture(params=["manual", "automatic"])
async def world(request, databases: Databases, sandbox: Sandbox) -> AsyncIterator[World]:  # type: ignore[no-untyped-def]
    """Each test runs with manual and with automatic capture."""
    async with payments_world(databases, sandbox, capture=request.param) as running:
        yield running
        await running.settle()
        await running.audit()
