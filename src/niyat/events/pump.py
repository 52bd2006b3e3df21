"""What the relay and the inbox workers have in common: `run_once`, again and again.

A pump polls at an interval that doubles while it finds nothing, and is poked when there may be something.
`pause` stands it still for a test clock; `run_once` and `drain` work at any time, paused or not.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress

from niyat.events.lost import connection_lost
from niyat.kernel.log import get_logger

log = get_logger(__name__)

SHORTEST_SECONDS = 0.02
LONGEST_SECONDS = 1.0
AFTER_FAILURE_SECONDS = 1.0


class Pump(ABC):
    """A loop around one unit of work."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._poked = asyncio.Event()
        self._going = asyncio.Event()
        self._going.set()

    @abstractmethod
    async def _work(self) -> int:
        """Do one unit; the number of events dealt with, 0 when there is nothing to do now."""

    async def run_once(self) -> int:
        """Do one unit of work; the number of events dealt with. Two calls at once take turns."""
        async with self._turn:
            return await self._work()

    async def drain(self) -> int:
        """`run_once` until nothing is due; the number of events dealt with. What waits stays."""
        total = 0
        while dealt_with := await self.run_once():
            total += dealt_with
        return total

    async def run(self) -> None:
        """Work until cancelled. A failure is logged and tried again after a moment."""
        interval = SHORTEST_SECONDS
        while True:
            await self._going.wait()
            self._poked.clear()
            try:
                async with self._turn:
                    dealt_with = await self._work() if self._going.is_set() else 0
            except Exception as error:  # noqa: BLE001 (reported, and the work is done again)
                self._report(error)
                await asyncio.sleep(AFTER_FAILURE_SECONDS)
                continue
            if dealt_with:
                interval = SHORTEST_SECONDS
                continue
            with suppress(TimeoutError):
                # not wait_for: until Python 3.12 it drops a cancellation that meets a poke
                async with asyncio.timeout(interval):
                    await self._poked.wait()
            interval = SHORTEST_SECONDS if self._poked.is_set() else min(interval * 2, LONGEST_SECONDS)

    def _report(self, error: Exception) -> None:
        name = type(self).__name__
        if connection_lost(error) or (error.__cause__ is not None and connection_lost(error.__cause__)):
            log.warning("the event pipeline lost a connection and will make another", pump=name)
        else:
            log.error("a part of the event pipeline failed and will go on", pump=name, exc_info=error)

    def poke(self) -> None:
        """Look again at once: there may be something new. Only from the event loop's own thread."""
        self._poked.set()

    async def pause(self) -> None:
        """Begin nothing more by itself, and return when what was begun has ended."""
        self._going.clear()
        async with self._turn:
            pass

    def resume(self) -> None:
        """Go on by itself, at once."""
        self._going.set()
        self.poke()

    @abstractmethod
    async def close(self) -> None:
        """Give back what is held (connections, locks). Cancel the task of `run` first."""


async def drain(*pumps: Pump) -> int:
    """Drain several pumps until a whole round finds nothing: what one delivers may be work for another."""
    total = 0
    while dealt_with := sum([await pump.drain() for pump in pumps]):
        total += dealt_with
    return total
