"""A bell that wakes everyone who waits for news: long polls, and the courier of webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


class Bell:
    def __init__(self) -> None:
        self._next_ring = asyncio.Event()
        self._over = False

    def end(self) -> None:
        """The sandbox stops: every long poll answers now."""
        self._over = True
        self.ring()

    def ring(self) -> None:
        self._next_ring.set()
        self._next_ring = asyncio.Event()

    async def wait(self, seconds: float | None) -> None:
        """Return at the next ring, or after `seconds` (real time)."""
        try:
            await asyncio.wait_for(self._next_ring.wait(), seconds)
        except TimeoutError:
            return

    async def until(self, look: Callable[[], list[Found]], wait_seconds: float) -> list[Found]:
        """What `look` finds, waiting up to `wait_seconds` for it to find anything."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds
        while not (found := look()) and not self._over and (left := deadline - loop.time()) > 0:
            await self.wait(left)
        return found
