"""Push one notification to every device of a person. Spans transactions: ask for the devices, send, forget the gone.

One device that took it is enough: the person is told, and another try would tell that device again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from niyat.kernel.db import Database, Reader
from niyat.notifications.commands.remove_device import forget_devices
from niyat.notifications.errors import AddressGone, DeliveryPostponed, DeliveryRefused, DeliveryUnknown
from niyat.notifications.ports import Push, PushProvider, Receipt

DEVICES = """
SELECT account_id, array_agg(token ORDER BY last_seen_at DESC, id DESC) AS tokens
FROM user_devices WHERE account_id = ANY ($1) GROUP BY account_id
"""

Failed = DeliveryRefused | DeliveryPostponed | DeliveryUnknown


async def devices_of(reader: Reader, account_ids: Collection[UUID]) -> Mapping[UUID, Sequence[str]]:
    """The tokens of each person's devices, the one seen last first; nobody without any."""
    return {row["account_id"]: row["tokens"] for row in await reader.fetch(DEVICES, list(account_ids))}


async def push_to_all(db: Database, provider: PushProvider, tokens: Sequence[str], push: Push) -> Receipt:
    """Send `push` to each of `tokens`, whatever its own token. Raises what the providers of ports.py raise:
    DeliveryRefused when no device can ever take it; devices that are gone are forgotten.
    """
    outcomes = await asyncio.gather(*(_send(provider, replace(push, token=token)) for token in tokens))
    if gone := [t for t, outcome in zip(tokens, outcomes, strict=True) if isinstance(outcome, AddressGone)]:
        await db.run(forget_devices, gone)
    for kind in (Receipt, DeliveryUnknown, DeliveryPostponed, DeliveryRefused):
        for outcome in outcomes:
            if isinstance(outcome, kind):
                return _settled(outcome)
    raise DeliveryRefused("no-device")


def _settled(outcome: Receipt | Failed) -> Receipt:
    if isinstance(outcome, Receipt):
        return outcome
    raise outcome


async def _send(provider: PushProvider, push: Push) -> Receipt | Failed:
    try:
        return await provider.send(push)
    except (DeliveryRefused, DeliveryPostponed, DeliveryUnknown) as failed:
        return failed
