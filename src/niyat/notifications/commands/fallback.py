"""Another channel, where the planned one has no address, refuses, or is down for too long.

Never for a code: whoever asked for it waits where they asked for it. And never while the same is told, or will be, on
another channel as well: then that one speaks for itself, and if it fails after all, it looks for another in turn.
What became of those others counts, not what was planned: the caller stores its decision in the transaction in which
it was made, and nobody else decides about the same meaning meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from niyat.kernel.db import Connection, Row
from niyat.notifications.categories import CATEGORY, Category
from niyat.notifications.commands.ask import Asked
from niyat.notifications.commands.claim import Claimed
from niyat.notifications.commands.reach import addresses
from niyat.notifications.domain import MAX_TRIES, NotificationChannel, NotificationType
from niyat.notifications.parts import Parts
from niyat.notifications.preference_queries import preferences_of
from niyat.notifications.preferences import Preferences, refused

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

LOCK = "SELECT pg_advisory_xact_lock(13, hashtext($1))"  # 13: our lock space for what is told on several channels
BESIDE = """
SELECT channel, status, tried_channels FROM scheduled_notifications
WHERE dedupe_key = ANY ($1) AND dedupe_key <> $2
"""
UNDER_WAY = frozenset({"queued", "sending"})
TOLD = frozenset({"sent", "delivered"})


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


@dataclass(frozen=True, slots=True)
class Ways:
    """By which channels somebody can be reached, and how they want it."""

    reachable: Collection[NotificationChannel]
    preferences: Preferences


class ToldElsewhere(Exception):
    """The same is told on another channel anyway."""


def ways(parts: Parts, claimed: Claimed, asked: Asked) -> Ways | None:
    """By what was just said of whoever it is for; None: it is for nobody that we know."""
    if claimed.account_id is None or (account := asked.accounts.known.get(claimed.account_id)) is None:
        return None
    return Ways(addresses(parts, account, asked).keys(), asked.preferences[account.account_id])


async def another(
    conn: Connection, planned: Planned, ways: Ways, *, last_resort: bool
) -> NotificationChannel | None:
    """The channel to take when this one does not work; None: there is none. Raises ToldElsewhere.

    `last_resort`: nothing else is left, so that what must arrive takes even a channel that was turned off, after
    all others. Until the transaction ends, nobody else decides about the same.
    """
    meaning = meaning_of(planned)
    await conn.execute(LOCK, meaning)
    keys = [meaning, *(f"{meaning}:{channel}" for channel in NotificationChannel)]
    beside = await conn.fetch(BESIDE, keys, planned.dedupe_key)
    if any(_speaks(row, planned.type, ways) for row in beside):
        raise ToldElsewhere
    used = {planned.channel, *planned.tried_channels}
    used.update(*([row["channel"], *row["tried_channels"]] for row in beside))
    left = [each for each in ORDER[CATEGORY[planned.type]] if each in ways.reachable and each not in used]
    wanted = [each for each in left if not refused(ways.preferences, planned.type, each)]
    if last_resort:
        wanted += [each for each in left if not refused(ways.preferences, planned.type, each, stands_in=True)]
    return next(iter(wanted), None)


async def after_all(
    conn: Connection, planned: Planned, account_id: UUID, enabled: Collection[NotificationChannel]
) -> NotificationChannel | None:
    """The channel to try when the provider took it and it never arrived; None: there is none, or they are told there.

    Whether the person has an address there is asked before it is sent.
    """
    try:
        return await another(
            conn, planned, Ways(enabled, await preferences_of(conn, account_id)), last_resort=True
        )
    except ToldElsewhere:
        return None


def meaning_of(planned: Planned) -> str:
    """What it says, on whichever channel: the dedupe key of what is planned on several ends in the channel's name."""
    meaning, _, last = planned.dedupe_key.rpartition(":")
    return meaning if last in set(NotificationChannel) else planned.dedupe_key


def _speaks(row: Row, kind: NotificationType, ways: Ways) -> bool:
    """Whether this one tells it, or is about to."""
    if row["status"] in TOLD:
        return True
    channel = NotificationChannel(row["channel"])
    return (
        row["status"] in UNDER_WAY
        and channel in ways.reachable
        and not refused(ways.preferences, kind, channel, stands_in=bool(row["tried_channels"]))
    )
