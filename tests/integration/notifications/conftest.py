"""The world around notifications."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from niyat.notifications.commands.tell_staff import queue_staff_messages
from tests.support.notifications import Own, World, notifications_world, service_over
from tests.support.postgres import Databases
from tests.support.sandbox import Sandbox
from tests.support.tokens import Signer


@pytest_asyncio.fixture
async def world(databases: Databases, sandbox: Sandbox) -> AsyncIterator[World]:
    """Notifications over this test's database; the audit at the end must find nothing."""
    async with notifications_world(databases, sandbox) as world:
        yield world
        await queue_staff_messages(world.parts)
        await world.deliver()
        assert await world.broken_promises() == {}


SIGNER = Signer()


@pytest_asyncio.fixture
async def api(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The service's routes, with nobody signed in."""
    async with service_over(world, SIGNER) as (_, http):
        yield http


@pytest.fixture
def own(api: httpx.AsyncClient) -> Own:
    """A patient who is signed in."""
    account_id = uuid4()
    return Own(account_id, api, SIGNER.bearer("patient", account_id=account_id))
