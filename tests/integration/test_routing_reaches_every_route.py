"""Every public operation that a service describes is routed to that service, or is one that the gateway covers."""

from __future__ import annotations

import re

from fastapi import FastAPI

from niyat.app import describe_apps
from niyat.openapi import METHODS
from niyat.routing import service_for


def served(app: FastAPI) -> set[tuple[str, str]]:
    """Every public (method, path) of an app's own description, path ids bare."""
    return {
        (method, re.sub(r"\{[^}]+\}", "{}", path))
        for path, item in app.openapi()["paths"].items()
        if not path.startswith("/internal")
        for method in METHODS & item.keys()
    }


def test_every_public_operation_is_reachable_through_the_edge() -> None:
    """It is routed to the service that has it, or the gateway has one of that method and path in its place."""
    apps = describe_apps()
    covered = served(apps["gateway"])
    lost = [
        (service, method, path)
        for service, app in apps.items()
        for method, path in served(app)
        if service_for(method.upper(), path.replace("{}", "x")) != service and (method, path) not in covered
    ]
    assert lost == []
