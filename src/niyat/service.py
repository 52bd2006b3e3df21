"""What a service is: an app, a database, event consumers and jobs. Each service's `service.py` makes one.

The composition root, `app.py`, gives every service the same `Context` and runs what it gets back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from fastapi import FastAPI

from niyat.events.inbox import Consumer
from niyat.kernel.auth import TokenVerifier
from niyat.kernel.client import ServiceClient
from niyat.kernel.clock import Clock
from niyat.kernel.db import Database
from niyat.kernel.jobs import Job
from niyat.kernel.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Context:
    """What the composition root gives a service."""

    settings: Settings
    db: Database
    verifier: TokenVerifier
    clock: Clock
    clients: dict[str, ServiceClient]


async def _nothing() -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Service:
    """What a service gives back. `close` gives back what it opened itself (threads, connections to providers)."""

    name: str
    app: FastAPI
    db: Database
    consumers: Sequence[Consumer] = ()
    jobs: Sequence[Job] = ()
    close: Callable[[], Awaitable[None]] = _nothing
