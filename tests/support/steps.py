"""Counts every awaited step of a coroutine, and can kill the process at one of them, as a power cut would.

A step is a moment at which the work really waits for something outside: a row, a commit, the gateway, a lock. It is
not a list of places that somebody thought of. `asked`: the question has gone out and nobody waits for its answer any
more. `answered`: the answer is here and nothing has been made of it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")
Moment = Literal["asked", "answered"]


@dataclass
class Stepped(Generic[T]):
    """Await it instead of `work`. `die_at` 0: only count."""

    work: Coroutine[Any, Any, T]
    die_at: int = 0
    moment: Moment = "asked"
    steps: int = 0

    def __await__(self) -> Generator[Any, Any, T]:
        thrown: BaseException | None = None
        while True:
            try:
                awaited = self.work.throw(thrown) if thrown else self.work.send(None)
            except StopIteration as done:
                value: T = done.value
                return value
            self.steps += 1
            self._perhaps_die("asked")
            try:
                yield awaited
                thrown = None
            except BaseException as error:  # noqa: BLE001 - what the event loop throws in goes on to the work
                thrown = error
            self._perhaps_die("answered")

    def _perhaps_die(self, moment: Moment) -> None:
        if self.steps == self.die_at and self.moment == moment:
            os.kill(os.getpid(), signal.SIGKILL)
