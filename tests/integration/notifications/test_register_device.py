"""Where push messages go: one's own devices, each of one person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from niyat.notifications.commands.register_device import MOST_DEVICES
from tests.support.notifications import World, service_over, tokens_of
from tests.support.tokens import Signer

SIGNER = Signer()
PATH = "/api/v1/notifications/devices"


@pytest_asyncio.fixture
async def api(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with service_over(world, SIGNER) as (_, http):
        yield http


async def register(api: httpx.AsyncClient, who: dict[str, str], token: str) -> httpx.Response:
    return await api.post(f"{PATH}/register", json={"token": token, "platform": "ANDROID"}, headers=who)


async def test_registering_again_changes_nothing(world: World, api: httpx.AsyncClient) -> None:
    account_id = uuid4()
    who = SIGNER.bearer("patient", account_id=account_id)
    first, second = await register(api, who, "one"), await register(api, who, "one")
    assert (first.status_code, first.json()) == (200, second.json())
    assert await tokens_of(world.db, account_id) == ["one"]


async def test_a_device_belongs_to_whoever_signed_in_on_it_last(world: World, api: httpx.AsyncClient) -> None:
    before, now = uuid4(), uuid4()
    await register(api, SIGNER.bearer("patient", account_id=before), "shared")
    await register(api, SIGNER.bearer("patient", account_id=now), "shared")
    assert (await tokens_of(world.db, before), await tokens_of(world.db, now)) == ([], ["shared"])


async def test_people_unregister_their_own_devices_alone(world: World, api: httpx.AsyncClient) -> None:
    account_id = uuid4()
    owner, stranger = SIGNER.bearer("patient", account_id=account_id), SIGNER.bearer("patient")
    await register(api, owner, "a:b_c-1")
    assert (await api.delete(f"{PATH}/a:b_c-1", headers=stranger)).status_code == 204
    assert await tokens_of(world.db, account_id) == ["a:b_c-1"]
    for _ in range(2):
        assert (await api.delete(f"{PATH}/a:b_c-1", headers=owner)).status_code == 204
    assert await tokens_of(world.db, account_id) == []


async def test_the_device_seen_longest_ago_makes_room(world: World, api: httpx.AsyncClient) -> None:
    account_id = uuid4()
    who = SIGNER.bearer("patient", account_id=account_id)
    for number in range(MOST_DEVICES + 2):
        assert (await register(api, who, f"device-{number}")).status_code == 200
    kept = await tokens_of(world.db, account_id)
    assert set(kept) == {f"device-{number}" for number in range(2, MOST_DEVICES + 2)}


@pytest.mark.parametrize("token", ["", "a b", "x\u0000", "x" * 1001, "ü"])
async def test_what_is_no_token_is_refused(api: httpx.AsyncClient, token: str) -> None:
    assert (await register(api, SIGNER.bearer("patient"), token)).status_code == 422


async def test_nobody_registers_without_signing_in(api: httpx.AsyncClient) -> None:
    assert (await register(api, {}, "one")).status_code == 401
    assert (await api.delete(f"{PATH}/one")).status_code == 401
