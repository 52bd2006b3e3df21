"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.postgres import Databases, PostgresForTests

# A shared machine is slow at times: that an example took long says nothing. What CI tries is the same every time.
settings.register_profile(
    "niyat", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("niyat")

pytest_plugins = ["tests.support.fixtures_sandbox"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresForTests]:
    """This worker's private PostgreSQL. A deadlock anywhere in its log fails the run."""
    server = PostgresForTests()
    deadlocks: list[str] = []
    try:
        yield server
    finally:
        deadlocks = server.stop()
    if deadlocks:
        pytest.fail("PostgreSQL detected deadlocks:\n" + "\n".join(deadlocks), pytrace=False)


@pytest.fixture
def databases(postgres_server: PostgresForTests) -> Iterator[Databases]:
    """Fresh databases for this test: `databases.url("appointments")`."""
    own = Databases(postgres_server)
    yield own
    own.drop()
