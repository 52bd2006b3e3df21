"""Leaves a gateway alone that did not answer several calls in a row: a circuit breaker.

Otherwise every worker would sit in timeouts, every patient with them, and all would be back at once with the gateway.
While it is open, calls are answered Unknown without being made; then one call tries, and what it hears decides.
Each adapter has one, so each vendor's account and product does in each process; it is for one event loop.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from niyat.kernel.backoff import delay
from niyat.kernel.log import get_logger
from niyat.payments.ports import Answer, Unknown

log = get_logger(__name__)

T = TypeVar("T")

IN_A_ROW = 5
"""More than one booking meets with in a passing fault; few enough that the threads are not all lost to timeouts."""
FIRST_SECONDS = 4.0
LONGEST_SECONDS = 30.0
"""Nobody waits longer for a gateway that is well again; a try each half minute is no burden to one that is not."""
TRYING_SECONDS = 2.0
"""While a call tries: how soon to ask again. Its own timeout would be the worst case."""


class Silence(Unknown):
    """The gateway itself said nothing: no connection, no answer in time, an illness (5xx), a plea to wait (429)."""


def silent(status: int, body: bytes) -> bool:
    """Whether an answer is none: of a broken gateway, of one that is asked too often, or of what stands before it.

    A refusal is an answer, and so is JSON that we cannot read. How long to wait after a 429 the vendor does not say.
    """
    if status >= 500 or status == 429:
        return True
    try:
        json.loads(body)
    except ValueError:  # a page
        return True
    return False


class CircuitBreaker:
    """One gateway's. `monotonic`: seconds of a clock that only goes forward."""

    def __init__(self, gateway: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._gateway = gateway
        self._monotonic = monotonic
        self._in_a_row = 0  # silences
        self._openings = 0  # since it last answered
        self._opened_at = 0.0
        self._rests_until: float | None = None  # None: closed
        self._trying = False

    @property
    def rest_seconds(self) -> float:
        """How long no call is made from now on, as far as is known; 0: calls are made."""
        if self._rests_until is None:
            return 0.0
        if self._trying:
            return TRYING_SECONDS
        return max(0.0, self._rests_until - self._monotonic())

    def at_once(self, most: int) -> int:
        """How many calls may begin now: `most`, or one that tries, or none."""
        if self.rest_seconds:
            return 0
        return most if self._rests_until is None else 1

    async def guard(self, call: Callable[[], Awaitable[Answer[T]]]) -> Answer[T]:
        """What `call` answers, or Unknown at once while the gateway is left alone."""
        if self.rest_seconds:
            return Unknown("not asked, because it does not answer")
        tries = self._rests_until is not None
        self._trying = self._trying or tries
        try:
            answer = await call()
        finally:  # whoever waited may have gone: then the next call tries
            if tries:
                self._trying = False
        if isinstance(answer, Silence):
            self._unanswered(tries=tries)
        else:
            self._answered()
        return answer

    def _unanswered(self, *, tries: bool) -> None:
        self._in_a_row += 1
        if self._rests_until is not None and not tries:
            return  # begun before it opened
        if self._rests_until is None:
            if self._in_a_row < IN_A_ROW:
                return
            self._opened_at = self._monotonic()
            log.error("a gateway does not answer and is left alone", gateway=self._gateway, calls=IN_A_ROW)
        self._openings += 1
        rest = delay(self._openings, base_seconds=FIRST_SECONDS, longest_seconds=LONGEST_SECONDS)
        self._rests_until = self._monotonic() + rest.total_seconds()

    def _answered(self) -> None:
        if self._rests_until is not None:
            seconds = round(self._monotonic() - self._opened_at, 1)
            log.info("a gateway answers again", gateway=self._gateway, after_seconds=seconds)
        self._in_a_row = self._openings = 0
        self._rests_until = None
