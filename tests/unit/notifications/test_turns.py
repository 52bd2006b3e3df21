"""Turns at a provider: bounded, and one is kept for what somebody waits for."""

from __future__ import annotations

import asyncio

import pytest

from niyat.notifications.domain import NotificationChannel
from niyat.notifications.turns import Turns

EMAIL, SMS = NotificationChannel.EMAIL, NotificationChannel.SMS


class Crowd:
    """Messages that take a turn and stay until they are let go."""

    def __init__(self, turns: Turns) -> None:
        self.turns, self.inside, self.let_go = turns, 0, asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, many: int, channel: NotificationChannel = EMAIL, *, urgent: bool = False) -> int:
        """How many are inside once nothing moves any more."""
        self.tasks += [asyncio.create_task(self._one(channel, urgent)) for _ in range(many)]
        for _ in range(100):
            await asyncio.sleep(0)
        return self.inside

    async def leave(self) -> None:
        self.let_go.set()
        await asyncio.gather(*self.tasks)

    async def _one(self, channel: NotificationChannel, urgent: bool) -> None:
        async with self.turns.turn(channel, urgent=urgent):
            self.inside += 1
            await self.let_go.wait()


@pytest.mark.parametrize(("at_once", "others"), [(1, 1), (2, 1), (4, 3)])
async def test_a_crowd_takes_all_but_one_turn_and_codes_take_that(at_once: int, others: int) -> None:
    crowd = Crowd(Turns({EMAIL: at_once}))
    assert await crowd.come(20) == others
    assert await crowd.come(3, urgent=True) == at_once
    assert await crowd.come(1, SMS) == at_once + 1  # another provider
    await crowd.leave()


async def test_codes_take_every_turn_when_nothing_else_has_one() -> None:
    crowd = Crowd(Turns({EMAIL: 4}))
    assert await crowd.come(9, urgent=True) == 4
    await crowd.leave()
    assert crowd.inside == 9
