"""A consumer says what it wants, and is told when it wants what does not exist."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from niyat.events.catalogue import APPOINTMENTS, PAYMENTS, AppointmentConfirmed, Event
from niyat.events.envelope import message_for
from niyat.events.inbox import Consumer
from niyat.kernel.backoff import delay
from niyat.kernel.db import Connection
from tests.support.events import authorized, confirmed


async def nothing(conn: Connection, event: Event) -> None:
    return None


def test_a_consumer_wants_its_topics_and_the_types_it_handles() -> None:
    who = Consumer("x", (APPOINTMENTS,), {AppointmentConfirmed: nothing})
    assert who.wants(message_for(confirmed(uuid4(), 1), 1))
    assert not who.wants(message_for(authorized(uuid4(), 1), 1))


def test_a_topic_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no such topic: gossip"):
        Consumer("x", ("gossip",), {})


def test_a_handler_for_a_topic_not_listened_to_is_refused() -> None:
    with pytest.raises(ValueError, match="does not listen to appointment-events"):
        Consumer("x", (PAYMENTS,), {AppointmentConfirmed: nothing})


@given(st.integers(1, 10_000))
def test_the_wait_doubles_within_bounds(tries: int) -> None:
    full = min(1.0 * 2 ** min(tries - 1, 30), 300.0)
    wait = delay(tries, base_seconds=1.0, longest_seconds=300.0)
    assert timedelta(seconds=full / 2) <= wait <= timedelta(seconds=full)
