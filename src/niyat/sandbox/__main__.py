"""`python -m niyat.sandbox --home DIR [--port N] [--smtp-port N] [--die-with-parent]`

Listens on loopback only. Once it is ready it prints one line of JSON with its ports, and keeps the same in
`DIR/address.json`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from niyat.sandbox import smtp
from niyat.sandbox.app import create_app
from niyat.sandbox.books import Books
from niyat.sandbox.clock import Clock
from niyat.sandbox.connection import ExposedTransport
from niyat.sandbox.world import World

_PATIENCE_SECONDS = 1
_IDLE_SECONDS = 75


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are ours to handle."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()


def _bind(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    return sock


def _stop_with_parent(stop: Callable[[], object]) -> None:
    """Works on every system: the pipe to our stdin ends when the parent does, however it dies."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        stop()

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()


async def _serve(home: Path, port: int, smtp_port: int, *, die_with_parent: bool) -> None:
    books = Books(home / "books.sqlite3")
    world = World(books, Clock(books))
    http_socket, smtp_socket = _bind(port), _bind(smtp_port)
    config = uvicorn.Config(
        create_app(world),
        http=ExposedTransport,
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=_PATIENCE_SECONDS,
        timeout_keep_alive=_IDLE_SECONDS,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()

    def end() -> None:
        server.should_exit = True
        world.news.end()

    def stop() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(end)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())
    if die_with_parent:
        _stop_with_parent(stop)

    relay = await smtp.listen(world, smtp_socket)
    serving = asyncio.create_task(server.serve(sockets=[http_socket]))
    announcing = asyncio.create_task(server.ready.wait())
    await asyncio.wait({serving, announcing}, return_when=asyncio.FIRST_COMPLETED)
    if server.ready.is_set():
        address = json.dumps({"http": http_socket.getsockname()[1], "smtp": smtp_socket.getsockname()[1]})
        (home / "address.json").write_text(address + "\n", encoding="utf-8")
        print(address, flush=True)
    await serving
    announcing.cancel()
    relay.close()
    books.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m niyat.sandbox", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the books")
    parser.add_argument("--port", type=int, default=0, help="HTTP port; 0 picks a free one")
    parser.add_argument("--smtp-port", type=int, default=0, help="SMTP port; 0 picks a free one")
    parser.add_argument("--die-with-parent", action="store_true", help="stop when stdin ends")
    options = parser.parse_args()
    options.home.mkdir(parents=True, exist_ok=True)
    asyncio.run(
        _serve(options.home, options.port, options.smtp_port, die_with_parent=options.die_with_parent)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
