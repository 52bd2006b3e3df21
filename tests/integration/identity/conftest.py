"""One identity service per test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.identity.world import World, identity
from tests.support.postgres import Databases


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    async with identity(databases) as made:
        yield made
