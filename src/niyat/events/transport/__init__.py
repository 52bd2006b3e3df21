"""A transport carries messages from the relay to every consumer's inbox. Embedded here; Kafka comes later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from niyat.events.envelope import Message


class Transport(Protocol):
    """What the relay needs. Every transport passes the same contract suite."""

    async def send(self, batch: Sequence[Message]) -> Mapping[UUID, str]:
        """Hand over `batch`, in order; the event ids that were not durably accepted, each with its reason.

        After a message fails, the transport hands over none of the later ones of its topic and key. A message
        may arrive more than once (the inbox drops duplicates); one that is not in the answer has arrived.
        An exception means that the transport as a whole is down and nothing is known: all will be sent again.
        """
        ...
