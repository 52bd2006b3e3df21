"""Another channel, where the planned one has no address, refuses, or is down for too long.

Never for a code: whoever asked for it waits where they asked for it. And never where the same was planned on the
other channel as well: then that one speaks for itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from niyat.notifications.categories import CATEGORY, Category
from niyat.notifications.commands.ask import Asked
from niyat.notifications.commands.claim import Claimed
from niyat.notifications.commands.reach import NoLongerSo, account_of, addresses
from niyat.notifications.domain import MAX_TRIES, NotificationChannel
from niyat.notifications.parts import Parts

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

PLANNED = "SELECT dedupe_key FROM scheduled_notifications WHERE dedupe_key = ANY ($1)"


async def instead_of_nowhere(parts: Parts, claimed: Claimed, asked: Asked) -> NotificationChannel | None:
    """The channel for somebody who has no address on this one; None: there is none.

    Raises NoLongerSo when they are told on another channel anyway.
    """
    reachable = addresses(parts, account_of(claimed, asked))
    planned = await _planned_beside(parts, claimed)
    if planned & reachable.keys():
        raise NoLongerSo("told-elsewhere")
    return _first(claimed, reachable, planned)


async def instead(parts: Parts, claimed: Claimed, asked: Asked) -> NotificationChannel | None:
    """The channel to take when this one does not work; None: there is none."""
    if claimed.account_id is None or claimed.account_id not in asked.accounts.known:
        return None
    reachable = addresses(parts, account_of(claimed, asked))
    return _first(claimed, reachable, await _planned_beside(parts, claimed))


def _first(
    claimed: Claimed, reachable: Mapping[NotificationChannel, str], planned: set[NotificationChannel]
) -> NotificationChannel | None:
    used = {claimed.channel, *claimed.tried_channels, *planned}
    order = ORDER[CATEGORY[claimed.type]]
    return next((channel for channel in order if channel in reachable and channel not in used), None)


async def _planned_beside(parts: Parts, claimed: Claimed) -> set[NotificationChannel]:
    """Where else the same was planned: the dedupe key of a message that comes by several channels ends in its own."""
    first = claimed.tried_channels[0] if claimed.tried_channels else claimed.channel
    meaning = claimed.dedupe_key.removesuffix(f":{first}")
    if meaning == claimed.dedupe_key:
        return set()
    keys = {f"{meaning}:{channel}": channel for channel in NotificationChannel if channel != first}
    return {keys[row["dedupe_key"]] for row in await parts.db.fetch(PLANNED, list(keys))}
