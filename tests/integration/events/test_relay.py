"""One relay leads: the lead passes on, comes back, and pauses."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from tests.support.events import (
    Pair,
    confirmed,
    eventually,
    relay_to,
)


async def test_the_lead_passes_on_when_the_leaders_connection_dies_and_can_come_back(pair: Pair) -> None:
    first, second = relay_to(pair), relay_to(pair)
    keys = [uuid4() for _ in range(3)]
    await pair.publish(confirmed(keys[0], 1))
    assert (await first.run_once(), await second.run_once()) == (1, 0)
    assert (first.leads, second.leads) == (True, False)

    await pair.kill(first._conn)
    await pair.publish(confirmed(keys[1], 1))
    assert (await second.run_once(), await first.run_once()) == (1, 0)
    assert (first.leads, second.leads) == (False, True)

    await second.close()
    await pair.publish(confirmed(keys[2], 1))
    assert await first.run_once() == 1
    assert await pair.unpublished() == 0
    await first.close()


async def test_a_leader_that_is_cut_off_takes_the_lead_again_by_itself(pair: Pair) -> None:
    relay = relay_to(pair)
    await pair.publish(confirmed(uuid4(), 1))
    await relay.run_once()
    await pair.kill(relay._conn)
    await pair.publish(confirmed(uuid4(), 1))
    assert await relay.run_once() == 1
    assert await pair.unpublished() == 0
    await relay.close()


async def test_a_paused_pump_stands_still_and_resumes_at_once(pair: Pair) -> None:
    relay = relay_to(pair)
    task = asyncio.create_task(relay.run())
    await relay.pause()
    await pair.publish(confirmed(uuid4(), 1))
    assert await pair.unpublished() == 1
    relay.resume()

    async def published() -> bool:
        return await pair.unpublished() == 0

    await eventually(published)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await relay.close()
