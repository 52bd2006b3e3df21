"""`pair`: two real databases, where events begin and where they take effect."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from niyat.kernel.db import Database
from tests.support.events import (
    SOURCE,
    TARGET,
    Pair,
)
from tests.support.postgres import Databases


@pytest_asyncio.fixture
async def pair(databases: Databases) -> AsyncIterator[Pair]:
    source = await Database.connect(databases.url(SOURCE), max_connections=4)
    target = await Database.connect(databases.url(TARGET), max_connections=6)
    both = Pair(source, target, databases)
    both.create_effects()
    yield both
    await source.close()
    await target.close()
