"""The pages over services that are a function: what they ask for, and what is answered, is the test's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from niyat.gateway import http as gateway
from niyat.gateway.live import Hub
from niyat.gateway.settings import GatewaySettings
from niyat.gateway.web.shared.assets import Assets
from niyat.gateway.web.shared.render import Renderer
from niyat.gateway.web.site import Site, Terms
from niyat.kernel.auth import TokenVerifier
from niyat.kernel.client import ServiceClient
from niyat.kernel.clock import Clock

SERVICES = ("identity", "appointments", "payments", "notifications")


async def _no_keys() -> dict[str, Any]:
    return {"keys": []}


def visitor(
    services: Callable[[httpx.Request], httpx.Response], renderer: type[Renderer] = Renderer
) -> httpx.AsyncClient:
    """A browser without a session."""
    assets, clock = Assets(), Clock()
    behind = ServiceClient("any", base_url="http://any", transport=httpx.MockTransport(services))
    site = Site(
        clients=dict.fromkeys(SERVICES, behind),
        identity=behind,
        verifier=TokenVerifier(_no_keys, issuer="niyat", clock=clock),
        clock=clock,
        hub=Hub(),
        renderer=renderer(assets),
        settings=GatewaySettings(),
        terms=Terms(tiers=[(24, 100)], hold_seconds=300),
        public_url="https://niyat.test",
        key_id="rzp_test_1",
    )
    transport = httpx.ASGITransport(gateway.create(site, assets), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="https://niyat.test")
