"""Jobs run at their turn, when their bell rings, and never while paused."""

from __future__ import annotations

import asyncio

from niyat.kernel.jobs import Bell, Job, JobRunner

NEVER = 3600.0
PATIENCE_SECONDS = 20


async def test_a_bell_runs_its_job_before_its_turn() -> None:
    ran = asyncio.Queue[None]()
    bell = Bell()
    runner = JobRunner([Job("ringing", NEVER, lambda: ran.put(None), bell)])
    runner.start()
    await ran.get()  # the first run, at once
    bell.ring()
    await asyncio.wait_for(ran.get(), PATIENCE_SECONDS)
    await runner.stop()
    assert ran.empty(), "once for the start and once for the bell"


async def test_a_bell_that_rings_while_its_job_runs_is_not_lost() -> None:
    started, go_on = asyncio.Queue[None](), asyncio.Event()
    bell = Bell()

    async def run() -> None:
        await started.put(None)
        await go_on.wait()

    runner = JobRunner([Job("busy", NEVER, run, bell)])
    runner.start()
    await started.get()
    bell.ring()
    go_on.set()
    await asyncio.wait_for(started.get(), PATIENCE_SECONDS)
    await runner.stop()
    assert started.empty(), "once for the start and once for the bell"


async def test_a_bell_does_not_wake_a_paused_job() -> None:
    ran = asyncio.Queue[None]()
    bell = Bell()
    runner = JobRunner([Job("paused", NEVER, lambda: ran.put(None), bell)])
    runner.start()
    await ran.get()
    await runner.pause()
    bell.ring()
    for _ in range(10):
        await asyncio.sleep(0)
    assert ran.empty()
    runner.resume()
    await asyncio.wait_for(ran.get(), PATIENCE_SECONDS)
    await runner.stop()
