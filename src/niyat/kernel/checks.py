"""An invariant of the promise as SQL: the statement returns the rows that break it; none is good."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """`promise` is a sentence that holds when `sql` returns no row. `sql` may use $1: an age in seconds, below
    which a row still counts as on its way (0 in tests that have drained everything).
    """

    name: str
    promise: str
    sql: str
