"""Another channel, where the planned one has no address, refuses, or is down for too long.

Never for a code: whoever asked for it waits where they asked for it. And never where the same was planned on the
other channel as well: then that one speaks for itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from niyat.kernel.db import Connection, Database
from niyat.notifications.categories import CATEGORY, Category
from niyat.notifications.commands.ask import Asked
from niyat.notifications.commands.claim import Claimed
from niyat.notifications.commands.reach import NoLongerSo, account_of, addresses
from niyat.notifications.domain import MAX_TRIES, NotificationChannel, NotificationType
from niyat.notifications.parts import Parts
from niyat.notifications.preferences import refused

_C = NotificationChannel
ORDER: Mapping[Category, Sequence[NotificationChannel]] = {
    Category.ACCOUNT: (),
    Category.ESSENTIAL: (_C.EMAIL, _C.SMS, _C.PUSH),
    Category.SERVICE: (_C.EMAIL, _C.SMS, _C.PUSH),
    Category.OPTIONAL: (_C.EMAIL, _C.PUSH, _C.SMS),  # what costs nothing first
}
PATIENCE: Mapping[Category, int] = {
    Category.ACCOUNT: MAX_TRIES,
    Category.ESSENTIAL: 4,  # about a minute: whoever does not hear of it may travel for nothing
    Category.SERVICE: MAX_TRIES,
    Category.OPTIONAL: MAX_TRIES,
}
"""After so many failures that may pass, another channel is taken, if there is one."""


class Planned(Protocol):
    """A notification, as far as channels are concerned."""

    @property
    def type(self) -> NotificationType: ...
    @property
    def channel(self) -> NotificationChannel: ...
    @property
    def tried_channels(self) -> Sequence[str]: ...
    @property
    def dedupe_key(self) -> str: ...


PLANNED = "SELECT dedupe_key FROM scheduled_notifications WHERE dedupe_key = ANY ($1)"


async def instead_of_nowhere(parts: Parts, claimed: Claimed, asked: Asked) -> NotificationChannel | None:
    """The channel for somebody who has no address on this one; None: there is none.

    Raises NoLongerSo when they are told on another channel anyway.
    """
    reachable = addresses(parts, account_of(claimed, asked), asked)
    planned = await _planned_beside(parts.db, claimed)
    if planned & reachable.keys():
        raise NoLongerSo("told-elsewhere")
    return _first(claimed, reachable, planned)


async def instead(parts: Parts, claimed: Claimed, asked: Asked) -> NotificationChannel | None:
    """The channel to take when this one does not work; None: there is none."""
    if claimed.account_id is None or claimed.account_id not in asked.accounts.known:
        return None
    account = account_of(claimed, asked)
    reachable = [
        channel
        for channel in addresses(parts, account, asked)
        if not refused(asked.preferences[account.account_id], claimed.type, channel)
    ]
    return _first(claimed, reachable, await _planned_beside(parts.db, claimed))


async def after_all(
    conn: Connection, planned: Planned, enabled: Collection[NotificationChannel]
) -> NotificationChannel | None:
    """The channel to try when the provider took it and it never arrived; None: there is none, or they are told there.

    Whether the person has an address there is asked before it is sent.
    """
    beside = await _planned_beside(conn, planned)
    return None if beside & set(enabled) else _first(planned, enabled, beside)


def _first(
    claimed: Planned, reachable: Collection[NotificationChannel], planned: set[NotificationChannel]
) -> NotificationChannel | None:
    used = {claimed.channel, *claimed.tried_channels, *planned}
    order = ORDER[CATEGORY[claimed.type]]
    return next((channel for channel in order if channel in reachable and channel not in used), None)


async def _planned_beside(reader: Connection | Database, claimed: Planned) -> set[NotificationChannel]:
    """Where else the same was planned: the dedupe key of a message that comes by several channels ends in its own."""
    first = claimed.tried_channels[0] if claimed.tried_channels else claimed.channel
    meaning = claimed.dedupe_key.removesuffix(f":{first}")
    if meaning == claimed.dedupe_key:
        return set()
    keys = {f"{meaning}:{channel}": channel for channel in NotificationChannel if channel != first}
    return {keys[row["dedupe_key"]] for row in await reader.fetch(PLANNED, list(keys))}
