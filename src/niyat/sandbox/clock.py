"""The sandbox's clock ticks with the real one, may be shifted forward or frozen, never runs backwards.

Its state is in the books, so a restarted sandbox goes on from the same time.
"""

from __future__ import annotations

import time

from niyat.sandbox.books import Books


class ClockWouldRunBackwards(Exception):
    """The time asked for is earlier than the sandbox's present."""


class Clock:
    def __init__(self, books: Books) -> None:
        self._books = books
        row = books.row("SELECT shift_seconds, frozen_at FROM clock")
        self._shift: float = row["shift_seconds"] if row else 0.0
        self._frozen_at: float | None = row["frozen_at"] if row else None
        self._latest = 0.0

    @property
    def frozen(self) -> bool:
        return self._frozen_at is not None

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        present = self._frozen_at if self._frozen_at is not None else time.time() + self._shift
        self._latest = max(self._latest, present)
        return self._latest

    def timestamp(self) -> int:
        """Whole seconds, as the vendors write times."""
        return int(self.now())

    def move(self, to: float | None, shift_seconds: float, *, frozen: bool) -> None:
        """Set the time to `to` (None: the present) plus a shift, and whether it stands still there.

        Raises ClockWouldRunBackwards when that lies in the past.
        """
        present = self.now()
        to = (present if to is None else to) + shift_seconds
        if to < present:
            raise ClockWouldRunBackwards
        self._shift = to - time.time()
        self._frozen_at = to if frozen else None
        with self._books.transaction():
            self._books.run(
                "INSERT INTO clock (only_row, shift_seconds, frozen_at) VALUES (1, ?, ?)"
                " ON CONFLICT (only_row) DO UPDATE"
                " SET shift_seconds = excluded.shift_seconds, frozen_at = excluded.frozen_at",
                self._shift,
                self._frozen_at,
            )
