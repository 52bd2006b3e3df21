"""When a gateway is left alone and when it is asked, whatever its calls come to and in whichever order they end."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from structlog.testing import capture_logs

from niyat.payments.adapters.breaker import (
    FIRST_SECONDS,
    IN_A_ROW,
    LONGEST_SECONDS,
    CircuitBreaker,
    Silence,
    silent,
)
from niyat.payments.ports import Answer, Refused, Unknown
from tests.support.properties import any_course

ANSWERS: tuple[Answer[str], ...] = ("done", Refused("BAD_REQUEST_ERROR", "na"), Unknown("of another shape"))
SILENCE = Silence("ConnectTimeout no answer")
Which = st.integers(0, 100)


class Call:
    """A guarded call that was begun and ends when the course says so."""

    def __init__(self, breaker: CircuitBreaker, loop: asyncio.AbstractEventLoop) -> None:
        self.made = False
        self.ending: asyncio.Future[Answer[str]] = loop.create_future()
        self.task = loop.create_task(breaker.guard(self._call))

    async def _call(self) -> Answer[str]:
        self.made = True
        return await self.ending


class Course(RuleBasedStateMachine):
    """Calls begin, overlap, end in each way or are given up, and time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.now = 0.0
        self.breaker = CircuitBreaker("razorpay", lambda: self.now)
        self.going: list[Call] = []
        self.trying: Call | None = None
        self.in_a_row = 0
        self.open = False
        self.rested_at = 0.0  # from then on it may be tried

    def teardown(self) -> None:
        for call in self.going:
            call.task.cancel()
        self.step()
        self.loop.close()

    def step(self) -> None:
        """Let everything run that can."""
        for _ in range(5):
            self.loop.run_until_complete(asyncio.sleep(0))

    @property
    def may_be_asked(self) -> bool:
        return not self.open or (self.trying is None and self.now >= self.rested_at)

    @rule()
    def begin(self) -> None:
        expected = self.may_be_asked
        call = Call(self.breaker, self.loop)
        self.step()
        assert call.made is expected
        if not call.made:
            answer = call.task.result()
            assert isinstance(answer, Unknown)
            assert not isinstance(answer, Silence)
            return
        self.going.append(call)
        if self.open:
            self.trying = call

    @precondition(lambda self: self.going)
    @rule(which=Which, answer=st.sampled_from((*ANSWERS, SILENCE)))
    def end(self, which: int, answer: Answer[str]) -> None:
        self.ends(self.take(which), answer)

    @rule(calls=st.integers(1, IN_A_ROW))
    def go_silent(self, calls: int) -> None:
        for _ in range(calls):
            self.begin()
        for call in self.going[-calls:]:
            self.going.remove(call)
            self.ends(call, SILENCE)

    def ends(self, call: Call, answer: Answer[str]) -> None:
        tried, before = call is self.trying, self.breaker.rest_seconds
        call.ending.set_result(answer)
        self.step()
        assert call.task.result() == answer
        self.trying = None if tried else self.trying
        if not isinstance(answer, Silence):
            self.open, self.in_a_row = False, 0
            return
        self.in_a_row += 1
        if (self.open and tried) or (not self.open and self.in_a_row >= IN_A_ROW):
            self.open = True
            if self.trying is None:
                assert FIRST_SECONDS / 2 <= self.breaker.rest_seconds <= LONGEST_SECONDS
        elif self.open:
            assert self.breaker.rest_seconds == before  # begun before it opened: nothing new
        self.rested_at = self.now + self.breaker.rest_seconds

    @precondition(lambda self: self.going)
    @rule(which=Which)
    def give_up(self, which: int) -> None:
        """Whoever waited has gone: that says nothing about the gateway."""
        call = self.take(which)
        call.task.cancel()
        self.step()
        self.trying = None if call is self.trying else self.trying
        self.rested_at = self.now + self.breaker.rest_seconds

    @rule(seconds=st.sampled_from([0.5, FIRST_SECONDS, LONGEST_SECONDS]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def says_how_many_may_begin(self) -> None:
        assert bool(self.breaker.rest_seconds) is not self.may_be_asked
        may = (1 if self.open else 20) if self.may_be_asked else 0
        assert self.breaker.at_once(20) == may

    def take(self, which: int) -> Call:
        return self.going.pop(which % len(self.going))


async def test_in_any_course_it_is_left_alone_after_silence_and_tried_by_one_at_a_time() -> None:
    await any_course(Course, count=60, steps=30)


async def _after(breaker: CircuitBreaker, *answers: Answer[str]) -> None:
    for answer in answers:

        async def call(answer: Answer[str] = answer) -> Answer[str]:
            return answer

        await breaker.guard(call)


async def test_it_is_left_alone_longer_and_longer_and_at_first_briefly_again_once_it_answered() -> None:
    now = 0.0
    breaker = CircuitBreaker("razorpay", lambda: now)
    for _ in range(2):
        await _after(breaker, *[SILENCE] * IN_A_ROW)
        for longest in (4, 8, 16, 30, 30):
            assert longest / 2 <= breaker.rest_seconds <= longest
            now += breaker.rest_seconds
            await _after(breaker, SILENCE)
        now += breaker.rest_seconds
        await _after(breaker, "done")
        assert breaker.rest_seconds == 0


async def test_those_who_met_one_illness_do_not_come_back_together() -> None:
    rests = set()
    for _ in range(5):
        breaker = CircuitBreaker("razorpay", lambda: 0.0)
        await _after(breaker, *[SILENCE] * IN_A_ROW)
        rests.add(breaker.rest_seconds)
    assert len(rests) > 1


async def test_an_outage_is_told_once_and_so_is_its_end() -> None:
    now = 0.0
    breaker = CircuitBreaker("razorpay", lambda: now)
    with capture_logs() as told:
        await _after(breaker, *[SILENCE] * (IN_A_ROW + 3))
        for _ in range(3):
            now += LONGEST_SECONDS
            await _after(breaker, SILENCE)
        now += LONGEST_SECONDS
        await _after(breaker, "done", "done")
    assert [(line["log_level"], line["gateway"]) for line in told] == [
        ("error", "razorpay"),
        ("info", "razorpay"),
    ]
    assert told[1]["after_seconds"] == 4 * LONGEST_SECONDS


@pytest.mark.parametrize(
    ("status", "body", "is_silence"),
    [
        (200, b"{}", False),
        (200, b"<html>maintenance</html>", True),
        (400, b'{"error": {}}', False),
        (401, b'{"error": {}}', False),
        (403, b"<html>blocked</html>", True),
        (409, b'{"error": {}}', False),
        (429, b'{"error": {}}', True),
        (500, b'{"error": {}}', True),
        (502, b"<html>nginx</html>", True),
        (200, b"\xff\xfe\xfd", True),
    ],
)
def test_a_refusal_is_an_answer_and_a_page_or_an_illness_is_none(
    status: int, body: bytes, is_silence: bool
) -> None:
    assert silent(status, body) is is_silence
