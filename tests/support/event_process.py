"""A process of its own for the kill tests: relays and works off everything, then ends.

`python -m tests.support.event_process SOURCE_URL TARGET_URL`; NIYAT_CRASH_AT says where it dies.
"""

from __future__ import annotations

import asyncio
import sys

from niyat.events.pump import drain
from niyat.events.relay import Relay
from niyat.events.transport.embedded import EmbeddedTransport, Subscription
from niyat.events.worker import InboxWorker
from niyat.kernel.db import Database
from tests.support.events import consumer


async def main(source_url: str, target_url: str) -> None:
    source = await Database.connect(source_url, max_connections=2)
    target = await Database.connect(target_url, max_connections=2)
    who = consumer()
    relay = Relay(source, EmbeddedTransport([Subscription(target, who)]))
    worker = InboxWorker(target, who)
    await drain(relay, worker)
    for part in (relay, worker, source, target):
        await part.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
