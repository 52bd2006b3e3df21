"""A lean HTTP client in a process of its own: `python -m bench.client` reads a plan from stdin, prints a result.

Each connection is kept alive and sends its next request when it has the whole answer to the last. It knows only
what uvicorn sends (a Content-Length in every answer): a general client would cost more than the server.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial

import uvloop


@dataclass(frozen=True)
class Plan:
    """For each connection, the requests it sends one after another, each whole as text."""

    port: int
    requests: list[list[str]]


@dataclass
class Result:
    """How long it took from the first request to the last answer, each answer's time, and the statuses."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class Connection(asyncio.Protocol):
    """One client: `run` sends every request and ends with the last answer."""

    def __init__(self, requests: list[str], result: Result) -> None:
        self._requests = iter([request.encode() for request in requests])
        self._result = result
        self._received = b""
        self._sent_at = 0.0
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._next()
        await self._done

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank or len(body) < int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            return
        self._received = b""
        self._result.latencies.append(time.perf_counter() - self._sent_at)
        self._result.statuses[head[9:12].decode()] += 1
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(error or ConnectionError("the server closed the connection"))

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)


async def carry_out(plan: Plan) -> Result:
    """Connect everybody, then start the clock and let them go at once."""
    loop, result = asyncio.get_running_loop(), Result()
    clients = [
        await loop.create_connection(partial(Connection, requests, result), "127.0.0.1", plan.port)
        for requests in plan.requests
    ]
    began = time.perf_counter()
    await asyncio.gather(*(client.run(transport) for transport, client in clients))
    result.seconds = time.perf_counter() - began
    return result


if __name__ == "__main__":
    sys.stdout.write(json.dumps(vars(uvloop.run(carry_out(Plan(**json.load(sys.stdin)))))))
