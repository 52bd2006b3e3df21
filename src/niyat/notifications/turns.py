"""Whose turn it is at a provider: no more at once than it has connections or threads.

Whatever waited inside a provider would no longer be what was checked right before. One of each is kept for what
somebody waits for, so that no crowd of other messages, and no slow one, holds it up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from niyat.notifications.domain import NotificationChannel

AT_ONCE = 5
"""Connections, or threads, of a provider for which nothing else is set."""


class Turns:
    """Of one process. `at_once`: how many each channel's provider takes side by side; AT_ONCE where it is not said."""

    def __init__(self, at_once: Mapping[NotificationChannel, int] | None = None) -> None:
        most = {channel: (at_once or {}).get(channel, AT_ONCE) for channel in NotificationChannel}
        self._all = {channel: asyncio.Semaphore(many) for channel, many in most.items()}
        self._others = {channel: asyncio.Semaphore(max(1, many - 1)) for channel, many in most.items()}

    @asynccontextmanager
    async def turn(self, channel: NotificationChannel, *, urgent: bool) -> AsyncIterator[None]:
        """Wait for it, and have it."""
        if urgent:
            async with self._all[channel]:
                yield
        else:
            async with self._others[channel], self._all[channel]:
                yield
