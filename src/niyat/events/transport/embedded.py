"""The transport of the embedded system: the relay writes straight into each consumer's inbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from niyat.events.envelope import Message
from niyat.events.inbox import Consumer, receive
from niyat.kernel.db import Database


def _nobody() -> None:
    return None


@dataclass(frozen=True)
class Subscription:
    """A consumer, the database its inbox is in, and whom to poke when something has arrived."""

    db: Database
    consumer: Consumer
    poke: Callable[[], None] = _nobody


class EmbeddedTransport:
    """Delivers within this process. A consumer whose database is down holds up only what it wants itself."""

    def __init__(self, subscriptions: Sequence[Subscription]) -> None:
        self.subscriptions = tuple(subscriptions)

    async def send(self, batch: Sequence[Message]) -> Mapping[UUID, str]:
        failed: dict[UUID, str] = {}
        for subscription in self.subscriptions:
            wanted = [message for message in batch if subscription.consumer.wants(message)]
            if not wanted:
                continue
            try:
                await receive(subscription.db, subscription.consumer.name, wanted)
            except Exception as error:  # noqa: BLE001 (not passed over: the relay stores the reason and tries again)
                reason = f"{subscription.consumer.name}: {type(error).__name__}"
                failed.update((message.event_id, reason) for message in wanted)
            else:
                subscription.poke()
        return failed
