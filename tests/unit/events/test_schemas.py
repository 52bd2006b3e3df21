"""docs/events is what the catalogue says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from niyat.events import schemas
from niyat.events.catalogue import EVENTS


def test_the_documents_in_docs_events_have_not_drifted() -> None:
    assert schemas.drift() == [], "run python -m niyat.events.schemas"


def test_drift_is_noticed_and_mended(tmp_path: Path) -> None:
    (tmp_path / "STALE.v1.json").write_text("{}")
    assert "STALE.v1.json" in schemas.drift(tmp_path)
    schemas.write(tmp_path)
    assert schemas.drift(tmp_path) == []
    (tmp_path / "asyncapi.json").write_text("{}")
    assert schemas.drift(tmp_path) == ["asyncapi.json"]


def test_every_event_has_a_closed_schema_and_a_message() -> None:
    document = schemas.asyncapi()
    for kind in EVENTS:
        schema = schemas.event_schema(kind)
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) == set(kind.model_fields)
        assert kind.type in document["channels"][kind.topic]["messages"]


def test_every_reference_in_asyncapi_leads_somewhere() -> None:
    document = json.loads(schemas.documents()["asyncapi.json"])
    references = list(found(document))
    assert references
    for reference in references:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def found(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [ref for value in part.values() for ref in found(value)]
    return [ref for value in part for ref in found(value)] if isinstance(part, list) else []
