"""Brings up everything in this process (`niyat up`), or one more process beside it (`niyat serve`).

`up` goes from the outside in: PostgreSQL, databases, the sandbox, the services; and stops in the reverse order.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import uvloop

from niyat.app import Niyat
from niyat.configuration import (
    Configuration,
    from_environment,
    is_sandboxed,
    provided_by_sandbox,
    register_at_sandbox,
)
from niyat.demo.clinic import load as load_demo
from niyat.demo.seed import seed_clinic
from niyat.embedded import secrets
from niyat.embedded.home import home_directory, make_home
from niyat.embedded.lock import HomeLock
from niyat.embedded.postgres import EmbeddedPostgres
from niyat.embedded.running import Running
from niyat.embedded.stand_ins import StandIns
from niyat.identity.commands.create_admin import create_admin as create_admin_account
from niyat.kernel import log, settings
from niyat.kernel.migrations import migrate_service
from niyat.kernel.provision import Credentials, ServiceUrls, provision
from niyat.operate import PASSWORDS, database_urls
from niyat.serving import answer_until_stopped, listen

Say = Callable[[str], None]

LOG = "niyat.log"


def up(*, port: int, seed: bool, say: Say) -> None:
    """Run everything until a signal; raises AlreadyRunning, saying where the first one is."""
    home = make_home(home_directory())
    lock = HomeLock.acquire(home)
    common = _common(port)
    say(f"Niyat keeps its data in {home}, its log in {home / LOG}")
    with contextlib.ExitStack() as stack:
        lines = stack.enter_context(_private_log(home / LOG))
        log.configure(json=common.log_json, level=common.log_level, to=lines)
        admin_url = stack.enter_context(_postgres(common, home, say))
        urls = _databases(admin_url, home, say)
        listener = listen(port)
        running = Running(f"http://127.0.0.1:{listener.getsockname()[1]}", admin_url)
        if is_sandboxed(common):
            stand_ins = StandIns.start(home / "sandbox")
            stack.callback(stand_ins.stop)
            running = replace(running, sandbox_url=stand_ins.url, mail_port=stand_ins.mail_port)
        running.save(home)
        stack.callback(Running.forget, home)
        lock.write({"address": running.address})
        _run(_up(running, home, urls, listener, seed=seed, say=say))
    say("Stopped. Everything is kept for the next start.")


def serve(*, port: int, say: Say) -> None:
    """One more process of the services, on the databases of the `niyat up` of this home. Raises NotRunning."""
    home = home_directory()
    running = Running.load(home)
    common = _common(port)
    log.configure(json=common.log_json, level=common.log_level)
    urls = database_urls(running, home)
    listener = listen(port)
    say(f"Serving on http://127.0.0.1:{listener.getsockname()[1]} too")
    _run(_serve(running, home, urls, listener))


def _run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def _common(port: int) -> settings.Settings:
    address = {} if "NIYAT_PUBLIC_URL" in os.environ else {"public_url": f"http://127.0.0.1:{port}"}
    return settings.load(settings.Settings, **address)


@contextlib.contextmanager
def _postgres(common: settings.Settings, home: Path, say: Say) -> Iterator[str]:
    """The URL that administers the server: the operator's, or our own embedded one, which stops at the end."""
    if common.postgres_url is not None:
        yield common.postgres_url.get_secret_value()
        return
    server = EmbeddedPostgres.start(home, report=say)
    try:
        yield server.superuser_url()
    finally:
        server.stop()


def _databases(admin_url: str, home: Path, say: Say) -> dict[str, ServiceUrls]:
    urls = provision(admin_url, Credentials.load_or_create(home / PASSWORDS))
    ran = sum(
        migrate_service(of.migration, service, lambda line: say(f"  {line}")) for service, of in urls.items()
    )
    say(f"Databases are ready ({ran} migrations ran)" if ran else "Databases are up to date")
    return urls


async def _configuration(running: Running, home: Path, listener: socket.socket) -> Configuration:
    """The settings of this process; the sandbox, where it runs, knows our keys afterwards."""
    common = _common(listener.getsockname()[1])
    if running.sandbox_url is None or running.mail_port is None:
        return from_environment(common)
    known = secrets.load_or_create(home)
    await register_at_sandbox(known, running.sandbox_url, running.address)
    return from_environment(common, provided_by_sandbox(known, running.sandbox_url, running.mail_port))


@contextlib.contextmanager
def _private_log(path: Path) -> Iterator[TextIO]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", buffering=1, encoding="utf-8") as lines:
        yield lines


async def _up(
    running: Running,
    home: Path,
    urls: Mapping[str, ServiceUrls],
    listener: socket.socket,
    *,
    seed: bool,
    say: Say,
) -> None:
    async def welcome(niyat: Niyat) -> None:
        demo = load_demo()
        if seed and running.sandbox_url:
            identity = niyat.services["identity"].db
            await identity.run(create_admin_account, email=demo.admin.email, name=demo.admin.name)
            await seed_clinic(running.address, running.sandbox_url, say)
        say(f"\nNiyat is ready: {running.address}  (the API: {running.address}/openapi.json)")
        if running.sandbox_url:
            say(f"Mails: {running.sandbox_url}/mailbox   text messages: {running.sandbox_url}/phone")
            say("Open the first address and book: any phone number signs in, its code arrives at the second.")
            say(f"The clinic's admin is {demo.admin.email}.")
            say("Next, in another terminal: .venv/bin/niyat demo")
        say("Ctrl-C stops everything.")

    await _serve(running, home, urls, listener, welcome)


async def _serve(
    running: Running,
    home: Path,
    urls: Mapping[str, ServiceUrls],
    listener: socket.socket,
    ready: Callable[[Niyat], Awaitable[None]] | None = None,
) -> None:
    configuration = await _configuration(running, home, listener)
    of_services = {service: of.app for service, of in urls.items()}
    await answer_until_stopped(configuration, of_services, listener, ready)
