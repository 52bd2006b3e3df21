"""Serves the services in this process: how it listens, how it answers, and how it stops."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping

import uvicorn
from starlette.types import ASGIApp

from niyat.app import Niyat, assemble
from niyat.configuration import Configuration
from niyat.kernel import settings
from niyat.kernel.clock import Clock

DRAIN_SECONDS = 5
IDLE_SECONDS = 75
"""Longer than clients and proxies keep a connection: who hangs up first is never met by a request on its way."""


def listen(port: int) -> socket.socket:
    """A socket that takes connections on this machine's own address."""
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits some 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(2048)  # from here on nobody is turned away; who comes early waits
    return listener


def server_config(app: ASGIApp, common: settings.Settings) -> uvicorn.Config:
    """How `app` is served. Without trusted proxies a visitor's address is the connection's, whatever headers say."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
        # Without any, uvicorn would believe whoever connects from this machine.
        proxy_headers=bool(common.trusted_proxies),
        forwarded_allow_ips=common.trusted_proxies or None,
    )


async def answer_until_stopped(
    configuration: Configuration,
    urls: Mapping[str, str],
    listener: socket.socket,
    ready: Callable[[Niyat], Awaitable[None]] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; then answer what is being answered, finish what was begun, and stop.

    `urls`: each service's database. `ready` is called once requests are taken.
    """
    niyat = await assemble(configuration, urls, Clock())
    server = _Server(server_config(niyat.edge, configuration.common))

    def stop() -> None:
        niyat.hub.close()  # what streams would otherwise be waited for
        server.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    niyat.start()
    try:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        if ready is not None:
            await ready(niyat)
        await serving
    finally:
        await niyat.stop()


class _Server(uvicorn.Server):
    """uvicorn would raise the signal once more after its own shutdown and cut ours short; here signals are ours."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True
