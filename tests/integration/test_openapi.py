"""The joined API description is whole: every reference resolves, every error is a problem, every id is one."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from niyat.app import describe_apps
from niyat.openapi import Document, joined


@pytest.fixture(scope="module")
def document() -> Document:
    return joined(describe_apps(), "http://127.0.0.1")


def test_every_reference_resolves(document: Document) -> None:
    text = json.dumps(document)
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert named - document["components"]["schemas"].keys() == set()
    assert "x-niyat-schema" not in text


def test_every_operation_id_is_used_once(document: Document) -> None:
    ids = Counter(
        operation["operationId"] for item in document["paths"].values() for operation in item.values()
    )
    assert [name for name, count in ids.items() if count > 1] == []


def test_every_operation_says_what_it_does_and_answers_errors_as_problems(document: Document) -> None:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation.get("summary"), f"{method} {path}"
            errors = [answer for status, answer in operation["responses"].items() if status[0] in "45"]
            assert errors, f"{method} {path}"
            assert all("application/problem+json" in answer.get("content", {}) for answer in errors), (
                f"{method} {path}"
            )


def test_nothing_internal_is_described(document: Document) -> None:
    assert [path for path in document["paths"] if path.startswith("/internal")] == []
