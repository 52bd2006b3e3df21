"""One appointments service per test, audited at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.appointments.world import World, appointments
from tests.support.postgres import Databases


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    async with appointments(databases) as made:
        yield made
