"""What runs on its own: each job is one async function, repeated. Several processes may run the same job at once,
so every job is safe to run twice; the database decides who acts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from niyat.kernel.correlation import bound, new_correlation_id
from niyat.kernel.log import get_logger

log = get_logger(__name__)


class Bell:
    """Rings a job of this process awake before its turn. A job elsewhere hears nothing and finds the work itself."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    def hush(self) -> None:
        self._rung.clear()

    async def wait(self) -> None:
        await self._rung.wait()


@dataclass(frozen=True)
class Job:
    """`run` every `every_seconds`, first at once, and when its bell rings."""

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[object]]
    bell: Bell = field(default_factory=Bell)


class JobRunner:
    """Runs jobs in the background. A job that fails is logged and runs again at its next turn."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = jobs
        self._tasks: list[asyncio.Task[None]] = []
        self._going = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._wake = asyncio.Event()
        self._active = 0

    def start(self) -> None:
        self._going.set()
        self._tasks = [asyncio.create_task(self._repeat(job), name=f"job:{job.name}") for job in self.jobs]

    async def stop(self) -> None:
        """Let the jobs that are running finish, then end."""
        await self.pause()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def pause(self) -> None:
        """Start no job any more and wait for those that are running."""
        self._going.clear()
        await self._idle.wait()

    def resume(self) -> None:
        """Go on, and run every job now."""
        self._going.set()
        self._wake.set()
        self._wake.clear()

    async def run_once(self) -> None:
        """Run every job once, now, in order (tests drive jobs by this)."""
        for job in self.jobs:
            await job.run()

    async def _repeat(self, job: Job) -> None:
        while True:
            while not self._going.is_set():  # It may have been paused again before we woke.
                await self._going.wait()
            self._active += 1
            self._idle.clear()
            job.bell.hush()
            try:
                with bound(new_correlation_id()):
                    await job.run()
            except Exception:
                log.exception("a job failed and will run again", job=job.name)
            finally:
                self._active -= 1
                if not self._active:
                    self._idle.set()
            await self._until_next(job)

    async def _until_next(self, job: Job) -> None:
        """Wait for the job's turn, its bell, or `resume`."""
        waits = [asyncio.ensure_future(self._wake.wait()), asyncio.ensure_future(job.bell.wait())]
        try:
            await asyncio.wait(waits, timeout=job.every_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
