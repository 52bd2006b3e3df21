"""The whole of Niyat over a PostgreSQL of its own in a temporary home, served as `niyat up` serves it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import uvicorn

from niyat.app import Niyat, assemble
from niyat.configuration import Configuration, from_environment, provided_by_sandbox
from niyat.embedded.postgres import EmbeddedPostgres
from niyat.embedded.secrets import NAMES, fresh
from niyat.identity.hashing import Keyed
from niyat.identity.keys import SigningKeys
from niyat.identity.tokens import Tokens
from niyat.kernel import log
from niyat.kernel.clock import Clock
from niyat.kernel.ids import new_id
from niyat.kernel.migrations import migrate_service
from niyat.kernel.provision import Credentials, ServiceUrls, provision
from niyat.kernel.settings import Settings, load
from niyat.serving import listen  # how `niyat up` listens decides how fast an answer leaves

NOTHING = "/api/v1/doctors/of/nothing"
"""A route that bench adds: the server's own cost, with no database, body or token."""


@dataclass(frozen=True)
class Databases:
    """A running server, with the settings of production, and the four databases on it."""

    server: EmbeddedPostgres
    urls: Mapping[str, ServiceUrls]


@dataclass(frozen=True)
class Stack:
    """Niyat, serving on `port`."""

    niyat: Niyat
    configuration: Configuration
    port: int

    async def token(self, account_id: UUID) -> str:
        """An access token of a patient, signed with identity's own key."""
        identity = self.niyat.services["identity"]
        keys = SigningKeys(identity.db, Keyed(self.configuration.identity.code_secret), self.niyat.clock)
        tokens = Tokens(keys, self.configuration.common.token_issuer, self.niyat.clock)
        return (await tokens.for_session(account_id, ["patient"], new_id())).value


@contextlib.contextmanager
def databases() -> Iterator[Databases]:
    """From the main thread, please: PostgreSQL ends with the thread that starts it."""
    home = Path(tempfile.mkdtemp(prefix="niyat-", dir="/tmp"))
    try:
        server = EmbeddedPostgres.start(home)
        try:
            urls = provision(server.superuser_url(), Credentials.generate())
            for service, of in urls.items():
                migrate_service(of.migration, service, lambda _: None)
            yield Databases(server, urls)
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.asynccontextmanager
async def serving(of: Databases, lines: Path) -> AsyncIterator[Stack]:
    """Niyat in this process, its events and jobs paused, its log in the file `lines`. As `niyat.run` does it."""
    listener = listen(0)
    port = listener.getsockname()[1]
    provided = provided_by_sandbox({name: fresh(name) for name in NAMES}, "http://127.0.0.1:9", 9)
    common = load(Settings, public_url=f"http://127.0.0.1:{port}")
    configuration = from_environment(common, provided)
    with lines.open("a", buffering=1, encoding="utf-8") as file:
        log.configure(json=common.log_json, level=common.log_level, to=file)
        niyat = await assemble(configuration, {name: urls.app for name, urls in of.urls.items()}, Clock())
        niyat.services["appointments"].app.add_api_route(NOTHING, _nothing)
        server = _Server(
            uvicorn.Config(niyat.edge, log_config=None, access_log=False, timeout_graceful_shutdown=5)
        )
        niyat.start()
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await niyat.pause()
            yield Stack(niyat, configuration, port)
        finally:
            server.should_exit = True
            await running
            await niyat.stop()


async def _nothing() -> dict[str, str]:
    return {}


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
