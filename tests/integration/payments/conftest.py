"""`world`: a payments service; when the test ends, everything is settled and its books must be clean.

A file that wants it set up otherwise overrides `settings`; `EITHER_CAPTURE` runs each test of a file both ways.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.payments_world import World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Json, Sandbox


@pytest.fixture
def settings() -> Json:
    """What `payments_world` is set up with."""
    return {}


@pytest_asyncio.fixture
async def world(databases: Databases, sandbox: Sandbox, settings: Json) -> AsyncIterator[World]:
    async with payments_world(databases, sandbox, **settings) as running:
        yield running
        await running.settle()
        await running.audit()
