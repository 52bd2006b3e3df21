"""The world around notifications."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.notifications import World, notifications_world
from tests.support.postgres import Databases
from tests.support.sandbox import Sandbox


@pytest_asyncio.fixture
async def world(databases: Databases, sandbox: Sandbox) -> AsyncIterator[World]:
    """Notifications over this test's database; the audit at the end must find nothing."""
    async with notifications_world(databases, sandbox) as world:
        yield world
        await world.deliver()
        assert await world.broken_promises() == {}
