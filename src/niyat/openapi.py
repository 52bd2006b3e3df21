"""The API description of one service, or of all joined into one document as the public edge serves them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from niyat.routing import service_for

Document = dict[str, Any]
REF = "#/components/schemas/"
SHARED = frozenset({"Problem", "FieldProblem"})
SCHEMA_OF = "x-niyat-schema"
"""In a schema of the gateway: the other service's schema (`appointments.AppointmentView`) that it passes on."""

METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})


def joined(apps: Mapping[str, FastAPI], public_url: str) -> Document:
    """Every public operation, from the service that the routing table gives it to; schemas under `service.Name`."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    security: dict[str, Any] = {}
    for service, app in apps.items():
        document = _renamed(app.openapi(), service)
        components = document.get("components", {})
        schemas |= {_name(service, name): schema for name, schema in components.get("schemas", {}).items()}
        security |= components.get("securitySchemes", {})
        for path, item in document.get("paths", {}).items():
            for method, operation in item.items():
                if method in METHODS and _is_public(service, method, path):
                    operation["operationId"] = f"{service}.{operation['operationId']}"
                    operation["tags"] = [service, *operation.get("tags", ())]
                    paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Niyat", "version": "1", "description": "Book a doctor, pay, be kept informed."},
        "servers": [{"url": public_url}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(schemas.items())), "securitySchemes": security},
    }


def _is_public(service: str, method: str, path: str) -> bool:
    return not path.startswith("/internal") and service_for(method.upper(), path) == service


def _name(service: str, schema: str) -> str:
    """What every service has is one; the rest is told apart by its service."""
    return schema if schema in SHARED else f"{service}.{schema}"


def _renamed(document: Document, service: str) -> Document:
    """A copy of `document` whose references are those of the joined one."""
    copied: Document = json.loads(json.dumps(document))
    _rename(copied, service)
    return copied


def _rename(node: Any, service: str) -> None:
    if isinstance(node, list):
        for item in node:
            _rename(item, service)
    elif isinstance(node, dict):
        if (of_another := node.pop(SCHEMA_OF, None)) is not None:
            node.clear()
            node["$ref"] = REF + of_another
        elif isinstance(ref := node.get("$ref"), str):
            node["$ref"] = REF + _name(service, ref.removeprefix(REF))
        for value in node.values():
            _rename(value, service)
