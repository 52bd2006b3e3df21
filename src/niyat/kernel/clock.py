"""The application's clock is for tokens only. Holds, reminders and every rule about time read `niyat_now()` in SQL.

In production nobody moves it. Tests and the simulator set it to the same value as the databases and the sandbox.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Wall time in UTC, shifted or standing still when a test says so."""

    def __init__(self) -> None:
        self._shift = timedelta()
        self._frozen_at: datetime | None = None

    def now(self) -> datetime:
        """This moment, in UTC."""
        return self._frozen_at or datetime.now(UTC) + self._shift

    def stand_at(self, moment: datetime) -> None:
        """Stand still at `moment` (aware) until `tick_from` is called."""
        self._frozen_at = moment

    def tick_from(self, moment: datetime) -> None:
        """Run on from `moment` (aware)."""
        self._frozen_at = None
        self._shift = moment - datetime.now(UTC)
