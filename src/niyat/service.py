"""What a service is: an app, a database, event consumers and jobs. Each service's `service.py` makes one.

The composition root, `app.py`, gives every service the same `Context` and runs what it gets back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

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


@dataclass(frozen=True, kw_only=True)
class Service:
    """What a service gives back. A service with a consumer or an outbox has the event tables in its database."""

    name: str
    app: FastAPI
    db: Database
    consumers: Sequence[Consumer] = ()
    jobs: Sequence[Job] = field(default=())
