"""Writes docs/events: a JSON Schema per event and one AsyncAPI 3.0 document, generated from the catalogue.

`python -m niyat.events.schemas` writes them, `--check` fails if they are not what would be written.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from niyat.events.catalogue import APPOINTMENTS, EVENTS, PAYMENTS, TOPICS, Event
from niyat.events.envelope import Envelope, schema_uri

FOLDER = Path(__file__).parents[3] / "docs" / "events"
DRAFT = "http://json-schema.org/draft-07/schema#"
NAMES = {APPOINTMENTS: "appointments", PAYMENTS: "payments"}


def documents() -> dict[str, str]:
    """File name in docs/events → content."""
    files = {_file_name(kind): _text(event_schema(kind)) for kind in EVENTS}
    files["asyncapi.json"] = _text(asyncapi())
    return files


def event_schema(kind: type[Event]) -> dict[str, Any]:
    """The JSON Schema of one event's `data`."""
    schema = kind.model_json_schema(mode="serialization")
    title = f"{kind.type} version {kind.version}"
    return {"$schema": DRAFT, "$id": schema_uri(kind), **_untitled(schema), "title": title}


def asyncapi() -> dict[str, Any]:
    """Topics, messages and who publishes them."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Niyat events",
            "version": "1",
            "description": (
                "CloudEvents 1.0 in JSON. The message key is the aggregate's id; a topic keeps the order of "
                "each key, and `sequence` counts its events. There is no order between topics. An event may "
                "arrive more than once: drop those whose `id` you know."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {topic: _channel(topic) for topic in TOPICS},
        "operations": {f"{NAMES[topic]}-publishes": _operation(topic) for topic in TOPICS},
        "components": {
            "messages": {kind.type: _message(kind) for kind in EVENTS},
            "schemas": {
                "Envelope": _untitled(Envelope.model_json_schema(mode="serialization")),
                **{kind.type: _untitled(kind.model_json_schema(mode="serialization")) for kind in EVENTS},
            },
        },
    }


def _channel(topic: str) -> dict[str, Any]:
    messages = {k.type: {"$ref": f"#/components/messages/{k.type}"} for k in EVENTS if k.topic == topic}
    return {"address": topic, "messages": messages}


def _operation(topic: str) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{topic}"},
        "messages": [
            {"$ref": f"#/channels/{topic}/messages/{kind.type}"} for kind in EVENTS if kind.topic == topic
        ],
    }


def _message(kind: type[Event]) -> dict[str, Any]:
    particular = {
        "type": {"const": kind.type},
        "schemaversion": {"const": kind.version},
        "dataschema": {"const": schema_uri(kind)},
        "data": {"$ref": f"#/components/schemas/{kind.type}"},
    }
    return {
        "name": kind.type,
        "title": kind.type,
        "summary": inspect.getdoc(kind),
        "contentType": "application/cloudevents+json",
        "payload": {"allOf": [{"$ref": "#/components/schemas/Envelope"}, {"properties": particular}]},
    }


def _untitled(schema: Any) -> Any:
    """Without the titles that pydantic derives from field names: they say nothing new."""
    if isinstance(schema, Mapping):
        return {
            name: {key: _untitled(value) for key, value in part.items()}
            if name == "properties"
            else _untitled(part)
            for name, part in schema.items()
            if name != "title"
        }
    return [_untitled(part) for part in schema] if isinstance(schema, list) else schema


def _file_name(kind: type[Event]) -> str:
    return f"{kind.topic}/{kind.type}.v{kind.version}.json"


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def drift(folder: Path = FOLDER) -> list[str]:
    """The files of `folder` that are missing, different or no longer generated."""
    wanted = documents()
    there = {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*.json")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def write(folder: Path = FOLDER) -> None:
    """Make `folder` what it should be."""
    wanted = documents()
    for name in drift(folder):
        path = folder / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], "utf-8")
        else:
            path.unlink()


def main(arguments: list[str]) -> int:
    """The exit status: 1 when `--check` finds drift."""
    if arguments == ["--check"]:
        wrong = drift()
        for name in wrong:
            print(f"docs/events/{name} is not what the catalogue says; run python -m niyat.events.schemas")
        return 1 if wrong else 0
    write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
