"""Hypothesis over what is asynchronous: examples are drawn in a thread, and each is tried on the test's own loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")


async def for_all(
    examples: SearchStrategy[T],
    holds: Callable[[T], Awaitable[None]],
    *,
    count: int = 50,
    shrink: bool = True,
) -> None:
    """Await `holds(example)` for `count` examples, always the same ones; the simplest that fails is raised.

    Without `shrink` the first that fails is: where each takes seconds, hundreds of tries would look like a hang.
    """
    loop = asyncio.get_running_loop()

    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
        phases=tuple(Phase) if shrink else (Phase.generate,),
    )
    @given(examples)
    def tried(one: T) -> None:
        asyncio.run_coroutine_threadsafe(_awaited(holds(one)), loop).result()

    await asyncio.to_thread(tried)


async def _awaited(work: Awaitable[None]) -> None:
    await work


async def any_course(machine: type[RuleBasedStateMachine], *, count: int, steps: int) -> None:
    """Run `count` courses of up to `steps` rules, always the same ones; the simplest that fails is raised."""
    course = settings(
        max_examples=count,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=course)
