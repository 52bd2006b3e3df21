"""How limits are held: whoever counts does so alone, for otherwise two at once would both see room."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import timedelta

from niyat.kernel.db import Connection
from niyat.kernel.errors import TooManyRequests

LOCK_SPACE = 21  # Advisory locks of the limits: an address, its country, then a requester.


async def count_alone(conn: Connection, counted: str | bytes) -> None:
    """Until the transaction ends nobody else counts what this address, or this requester, did."""
    name = counted if isinstance(counted, str) else counted.hex()
    await conn.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", LOCK_SPACE, name)


def hold(waits: Iterable[timedelta | None]) -> None:
    """Raises TooManyRequests if one of the limits has a wait, with the longest."""
    longest = max((wait for wait in waits if wait is not None), default=None)
    if longest:
        raise TooManyRequests(retry_after_seconds=max(1, math.ceil(longest.total_seconds())))
