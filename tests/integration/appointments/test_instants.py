"""An instant that SQL writes reads as one that Python writes, to the letter."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter

from tests.integration.appointments.world import World

AS_PYTHON_WRITES = TypeAdapter(datetime)


@pytest.mark.parametrize("microsecond", [0, 1, 90_000, 91_570, 999_999])
async def test_an_instant_is_spelt_one_way_whoever_writes_it(world: World, microsecond: int) -> None:
    at = datetime(2026, 3, 29, 1, 30, 15, microsecond, UTC)
    assert await world.db.fetchval("SELECT utc($1)", at) == AS_PYTHON_WRITES.dump_python(at, mode="json")
