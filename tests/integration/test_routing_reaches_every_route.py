"""Every public operation that a service describes is routed to that service, or is one that the gateway covers."""

from __future__ import annotations

import re

from niyat.app import describe_apps
from niyat.openapi import METHODS
from niyat.routing import service_for


def test_every_public_operation_is_reachable_through_the_edge() -> None:
    apps = describe_apps()
    lost = [
        (service, method, path)
        for service, app in apps.items()
        for path, item in app.openapi()["paths"].items()
        if not path.startswith("/internal")
        for method in METHODS & item.keys()
        if service_for(method.upper(), re.sub(r"\{[^}]+\}", "x", path)) not in (service, "gateway")
    ]
    assert lost == []
