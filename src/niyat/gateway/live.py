"""Hints for open pages: "this changed", to those whose it is. The page then asks again, with its own rights.

A hint is sent once the relay has handed an appointment's event over, so the change was committed before. A lost
hint costs half a minute: pages ask by themselves as well.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from starlette.responses import StreamingResponse

from niyat.events.catalogue import APPOINTMENTS
from niyat.events.envelope import Message
from niyat.events.transport import Transport

HEARTBEAT_SECONDS = 20.0
LONGEST_SECONDS = (
    9 * 60.0
)  # shorter than an access token lives: a new connection is a new look at the session
WAITING_HINTS = 100


def of_account(account_id: object) -> str:
    """The hints of one person's own appointments."""
    return f"account:{account_id}"


def of_doctor(doctor_id: object) -> str:
    """The hints that a doctor's free times changed; they name nobody."""
    return f"doctor:{doctor_id}"


class Hub:
    """Who listens to what, in this process."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Queue[str | None]]] = defaultdict(set)
        self._closed = False

    def tell(self, topic: str, about: str) -> None:
        """To everyone who listens to `topic`: `about` changed."""
        for queue in self._listeners.get(topic, ()):
            if not queue.full():
                queue.put_nowait(about)

    def close(self) -> None:
        """End every stream; none begins any more."""
        self._closed = True
        for queue in {queue for queues in self._listeners.values() for queue in queues}:
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(None)

    @contextlib.contextmanager
    def _listening(self, topics: Iterable[str]) -> Iterator[asyncio.Queue[str | None]]:
        queue: asyncio.Queue[str | None] = asyncio.Queue(WAITING_HINTS)
        if self._closed:
            queue.put_nowait(None)
        wanted = list(topics)
        for topic in wanted:
            self._listeners[topic].add(queue)
        try:
            yield queue
        finally:
            for topic in wanted:
                self._listeners[topic].discard(queue)
                if not self._listeners[topic]:
                    del self._listeners[topic]

    async def stream(self, topics: Sequence[str]) -> AsyncIterator[str]:
        """Server-sent events until the longest life, or the end of this process."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + LONGEST_SECONDS
        with self._listening(topics) as queue:
            yield "retry: 2000\n\n"
            while (left := ends - loop.time()) > 0:
                try:
                    about = await asyncio.wait_for(queue.get(), min(HEARTBEAT_SECONDS, left))
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if about is None:
                    return
                yield f"event: changed\ndata: {about}\n\n"

    def answer(self, topics: Sequence[str]) -> StreamingResponse:
        """The stream as an answer."""
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self.stream(topics), media_type="text/event-stream", headers=headers)


class Announcing:
    """A transport that tells the hub of every appointment's event once it was handed over."""

    def __init__(self, transport: Transport, hub: Hub) -> None:
        self._transport = transport
        self._hub = hub

    async def send(self, batch: Sequence[Message]) -> Mapping[UUID, str]:
        failed = await self._transport.send(batch)
        for message in batch:
            if message.topic == APPOINTMENTS and message.event_id not in failed:
                data = message.payload["data"]
                self._hub.tell(of_account(data["patient_id"]), message.key)
                doctor = of_doctor(data["doctor_id"])
                self._hub.tell(doctor, doctor)
        return failed
