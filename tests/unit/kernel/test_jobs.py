"""Jobs repeat, survive their failures, and stand still when told to."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from niyat.kernel.correlation import correlation_id
from niyat.kernel.jobs import Job, JobRunner

NEVER_AGAIN = 3600.0


class Counter:
    """A job that counts its runs, and can be waited for."""

    def __init__(self) -> None:
        self.runs = 0
        self.flows: list[str] = []
        self.ran = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self) -> None:
        self.runs += 1
        self.flows.append(correlation_id.get())
        self.ran.set()
        await self.may_end.wait()

    async def again(self) -> None:
        self.ran.clear()
        await asyncio.wait_for(self.ran.wait(), 20)


async def test_a_job_runs_at_once_and_then_at_its_interval() -> None:
    work = Counter()
    runner = JobRunner([Job("count", 0.001, work)])
    runner.start()
    for _ in range(3):
        await work.again()
    await runner.stop()
    assert len(set(work.flows)) == work.runs >= 3


async def test_a_job_that_fails_is_logged_and_runs_again() -> None:
    work = Counter()

    async def fail() -> None:
        await work()
        raise RuntimeError("no luck")

    runner = JobRunner([Job("fail", 0.001, fail)])
    with capture_logs() as lines:
        runner.start()
        await work.again()
        await work.again()
        await runner.stop()
    assert lines[0]["job"] == "fail"


async def test_pausing_waits_for_what_runs_and_begins_nothing() -> None:
    work = Counter()
    work.may_end.clear()
    runner = JobRunner([Job("slow", 0.001, work)])
    runner.start()
    await work.again()
    pausing = asyncio.create_task(runner.pause())
    await asyncio.sleep(0)
    assert not pausing.done()
    work.may_end.set()
    await pausing
    runs = work.runs
    for _ in range(20):
        await asyncio.sleep(0)
    assert work.runs == runs
    await runner.stop()


async def test_a_runner_paused_right_after_it_started_begins_nothing() -> None:
    work = Counter()
    runner = JobRunner([Job("count", NEVER_AGAIN, work)])
    runner.start()
    await runner.pause()
    runner.resume()
    await runner.pause()
    for _ in range(20):
        await asyncio.sleep(0)
    assert work.runs == 0
    await runner.stop()


async def test_resuming_runs_every_job_now() -> None:
    work = Counter()
    runner = JobRunner([Job("rare", NEVER_AGAIN, work)])
    runner.start()
    await work.again()
    for _ in range(3):
        await runner.pause()
        runner.resume()
        await work.again()
    await runner.stop()
    assert work.runs == 4


async def test_a_test_can_run_every_job_once_in_order() -> None:
    order: list[str] = []

    def noting(name: str) -> Job:
        async def run() -> None:
            order.append(name)

        return Job(name, NEVER_AGAIN, run)

    await JobRunner([noting("a"), noting("b")]).run_once()
    assert order == ["a", "b"]
