"""The composition root: the only place that knows every service. It wires them into one process and runs them.

`assemble` makes the services over their databases; `Niyat` is what comes out: one ASGI app, the event pipeline
and the jobs, started and stopped together, and paused together by tests and operators.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from niyat.appointments import http as appointments_http
from niyat.appointments import service as appointments
from niyat.configuration import Configuration
from niyat.events.housekeeping import housekeeping
from niyat.events.pump import Pump, drain
from niyat.events.relay import Relay
from niyat.events.transport.embedded import EmbeddedTransport, Subscription
from niyat.events.worker import InboxWorker
from niyat.gateway import http as gateway
from niyat.gateway.live import Announcing, Hub
from niyat.gateway.web.shared.assets import Assets
from niyat.gateway.web.shared.render import Renderer
from niyat.gateway.web.site import Site, Terms
from niyat.identity import http as identity_http
from niyat.identity import service as identity
from niyat.kernel.auth import TokenVerifier
from niyat.kernel.client import Loopback, ServiceClient
from niyat.kernel.clock import Clock
from niyat.kernel.db import Database
from niyat.kernel.jobs import JobRunner
from niyat.kernel.service_token import ServiceToken
from niyat.notifications import http as notifications_http
from niyat.notifications import service as notifications
from niyat.openapi import joined
from niyat.payments import http as payments_http
from niyat.payments import service as payments
from niyat.routing import Dispatcher
from niyat.service import Context, Service

SERVICES = ("identity", "appointments", "payments", "notifications")
PUBLISHERS = ("appointments", "payments")


class Niyat:
    """Every service in one process."""

    def __init__(self, services: Mapping[str, Service], edge: Dispatcher, clock: Clock, hub: Hub) -> None:
        self.services = services
        self.hub = hub
        self.edge = edge
        self.clock = clock
        self.jobs = JobRunner(
            [
                job
                for service in services.values()
                for job in (*service.jobs, housekeeping(service.name, service.db))
            ]
        )
        self.pumps: Sequence[Pump] = _pipeline(services, hub)
        self._running: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin delivering events and running jobs."""
        self._running = [asyncio.create_task(pump.run()) for pump in self.pumps]
        self.jobs.start()

    async def stop(self) -> None:
        """Finish what was begun, hold back the rest, close every connection."""
        await self.pause()
        await self.jobs.stop()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for pump in self.pumps:
            await pump.close()
        for service in self.services.values():
            await service.close()
            await service.db.close()

    async def pause(self) -> None:
        """Begin no job and deliver no event until `resume`; return when what was begun has ended."""
        await self.jobs.pause()
        for pump in self.pumps:
            await pump.pause()

    def resume(self) -> None:
        for pump in self.pumps:
            pump.resume()
        self.jobs.resume()

    async def settle(self) -> None:
        """Run every job once and deliver every event that is due, until nothing moves any more."""
        await self.jobs.run_once()
        while await drain(*self.pumps):
            await self.jobs.run_once()


async def assemble(configuration: Configuration, urls: Mapping[str, str], clock: Clock) -> Niyat:
    """Make every service over its database (`urls`: service → URL of its app role) and wire them together."""
    apps: dict[str, FastAPI] = {}
    public = {name: _client(name, apps) for name in SERVICES}

    async def fetch_jwks() -> dict[str, Any]:
        keys: dict[str, Any] = await public["identity"].call("GET", "/.well-known/jwks.json")
        return keys

    verifier = TokenVerifier(fetch_jwks, issuer=configuration.common.token_issuer, clock=clock)
    secrets = configuration.identity.client_secrets

    def token_of(name: str) -> ServiceToken | None:
        return ServiceToken(public["identity"], name, secrets[name], clock) if name in secrets else None

    async def context(name: str) -> Context:
        token = token_of(name)
        return Context(
            settings=configuration.common,
            db=await Database.connect(urls[name]),
            verifier=verifier,
            clock=clock,
            clients={other: _client(other, apps, token) for other in SERVICES if other != name},
        )

    services = {
        "identity": await identity.create(await context("identity"), configuration.identity),
        "appointments": await appointments.create(await context("appointments"), configuration.appointments),
        "payments": await payments.create(await context("payments"), configuration.payments),
        "notifications": await notifications.create(
            await context("notifications"), configuration.notifications
        ),
    }
    apps |= {name: service.app for name, service in services.items()}
    hub, assets = Hub(), Assets()
    site = Site(
        clients=public,
        identity=_client("identity", apps, token_of("gateway")),
        verifier=verifier,
        clock=clock,
        hub=hub,
        renderer=Renderer(assets),
        settings=configuration.gateway,
        terms=Terms(
            tiers=[(tier.hours_before, tier.percent) for tier in configuration.appointments.policy.tiers],
            hold_seconds=configuration.appointments.hold_seconds,
            room_open=configuration.appointments.room_open,
        ),
        public_url=configuration.common.public_url,
        key_id=configuration.payments.razorpay_key_id,
    )
    apps["gateway"] = gateway.create(site, assets)
    description = joined(describe_apps(), configuration.common.public_url)
    apps["gateway"].openapi = lambda: description  # type: ignore[method-assign] # FastAPI's documented way
    return Niyat(services, Dispatcher(apps), clock, hub)


def describe_apps() -> dict[str, FastAPI]:
    """Every service's app with its routes alone, for its API description; it serves nothing."""
    return {
        "identity": identity_http.routes(),
        "appointments": appointments_http.routes(),
        "payments": payments_http.routes(),
        "notifications": notifications_http.routes(),
        "gateway": gateway.routes(),
    }


def _client(name: str, apps: Mapping[str, FastAPI], token: ServiceToken | None = None) -> ServiceClient:
    """A client of the service `name`, whose app is looked up when it is called: services know each other in a ring."""

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await apps[name](scope, receive, send)

    return ServiceClient(name, base_url=f"http://{name}", token=token, transport=Loopback(late))


def _pipeline(services: Mapping[str, Service], hub: Hub) -> list[Pump]:
    """A worker for every consumer, and a relay for every service that publishes."""
    workers = {
        consumer.name: InboxWorker(service.db, consumer)
        for service in services.values()
        for consumer in service.consumers
    }
    transport = EmbeddedTransport(
        [
            Subscription(service.db, consumer, workers[consumer.name].poke)
            for service in services.values()
            for consumer in service.consumers
        ]
    )
    relays = [Relay(services[name].db, Announcing(transport, hub)) for name in PUBLISHERS]
    return [*relays, *workers.values()]
