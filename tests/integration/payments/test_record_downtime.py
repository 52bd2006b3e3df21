"""A downtime is shown while the gateway says that it lasts, and not a moment longer than it was heard of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest_asyncio

from niyat.payments.commands.record_downtime import list_downtimes
from tests.support.payments_world import World, payments_world
from tests.support.postgres import Databases
from tests.support.sandbox import Json, Sandbox


@pytest_asyncio.fixture
async def world(databases: Databases, sandbox: Sandbox) -> AsyncIterator[World]:
    async with payments_world(databases, sandbox) as running:
        yield running
        await running.audit()


async def shown(world: World) -> list[Json]:
    answer = await world.ask("GET", "/api/v1/payments/downtimes", f"patient:{uuid4()}")
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def tell(world: World) -> None:
    await world.deliver_all()
    await world.settle()


async def test_a_downtime_is_shown_as_soon_as_it_is_told_and_gone_when_it_is_over(world: World) -> None:
    downtime = await world.sandbox.start_downtime(
        world.account, method="netbanking", severity="medium", instrument={"bank": "SBIN"}
    )
    await tell(world)
    (one,) = await shown(world)
    assert (one["method"], one["instrument"], one["severity"]) == ("netbanking", {"bank": "SBIN"}, "medium")
    await world.sandbox.update_downtime(downtime["id"], "high")
    await tell(world)
    assert [one["severity"] for one in await shown(world)] == ["high"]
    await world.sandbox.resolve_downtime(downtime["id"])
    await tell(world)
    assert await shown(world) == []
    await world.deliver_all((await world.webhooks())[:1])
    await world.settle()
    assert await shown(world) == []


async def test_webhooks_that_are_lost_change_nothing_for_longer_than_a_minute(world: World) -> None:
    downtime = await world.sandbox.start_downtime(world.account)
    await world.move(minutes=6)
    await world.settle()
    assert len(await shown(world)) == 1
    await world.sandbox.resolve_downtime(downtime["id"])
    await world.move(minutes=1)
    await world.settle()
    assert await shown(world) == []


async def test_what_the_gateway_has_not_confirmed_for_long_is_not_shown(world: World) -> None:
    await world.sandbox.start_downtime(world.account)
    await tell(world)
    assert len(await shown(world)) == 1
    await world.sandbox.add_fault(world.account, "downtimes.list", "http-500-json", times=100)
    for _ in range(3):
        await world.move(minutes=6)
        await list_downtimes(world.parts)
    assert await shown(world) == []
    await world.sandbox.clear_faults(world.account)
    await world.move(minutes=2)
    await list_downtimes(world.parts)
    assert len(await shown(world)) == 1


async def test_a_trouble_is_shown_at_once_though_the_gateways_clock_is_ahead(
    databases: Databases, moving_sandbox: Sandbox
) -> None:
    await moving_sandbox.shift_clock(600)
    async with payments_world(databases, moving_sandbox) as world:
        await world.sandbox.start_downtime(world.account)
        await tell(world)
        assert len(await shown(world)) == 1
        await world.audit()


async def test_only_who_is_signed_in_is_told(world: World) -> None:
    assert (await world.ask("GET", "/api/v1/payments/downtimes")).status_code == 401
