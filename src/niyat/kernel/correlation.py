"""The correlation id: one string that follows a request through commands, events and logs.

The edge binds it (a request's `X-Correlation-Id`, or a new one), `events` writes it into every envelope, and
the inbox binds it again while an event is handled. It identifies a flow, never a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
"""The id of the flow that runs now; empty outside any."""

HEADER = "x-correlation-id"
ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def acceptable(given: str) -> bool:
    """Whether an id that somebody sent may go into our logs and events as it is."""
    return ACCEPTABLE.fullmatch(given) is not None


def new_correlation_id() -> str:
    """A fresh id: 32 hexadecimal digits."""
    return uuid4().hex


@contextmanager
def bound(correlation: str | None = None) -> Iterator[str]:
    """Within the block, the flow's id is `correlation`, or a new one if it is empty; yields it."""
    token = correlation_id.set(correlation or new_correlation_id())
    try:
        yield correlation_id.get()
    finally:
        correlation_id.reset(token)
