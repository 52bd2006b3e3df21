"""docs/requirements-map.md against what runs: each endpoint, table, enum and event is there, or says "planned"."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import psycopg2
import pytest

from niyat.app import describe_apps
from niyat.events.catalogue import EVENTS
from niyat.openapi import joined
from niyat.routing import service_for
from tests.support.postgres import Databases

MAP = (Path(__file__).parents[2] / "docs" / "requirements-map.md").read_text(encoding="utf-8")
SERVICE_OF = {"appointment_db": "appointments", "payment_db": "payments", "notification_db": "notifications"}


def rows(section: str) -> list[list[str]]:
    """The cells of the section's table, without its head; backticks stripped."""
    text = MAP.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def bare(cell: str) -> str:
    return cell.strip("`")


def shape(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "{}", path)


def is_planned(status: str) -> bool:
    assert status == "planned" or status.startswith("here"), f"unmarked: {status!r}"
    return status == "planned"


PUBLIC = {
    (method.upper(), shape(path))
    for path, item in joined(describe_apps(), "http://127.0.0.1")["paths"].items()
    for method in item
}


@pytest.mark.parametrize(("method", "path", "service", "status"), rows("Endpoints"))
def test_every_endpoint_of_the_requirement_is_served_where_the_map_says(
    method: str, path: str, service: str, status: str
) -> None:
    if is_planned(status):
        assert (method, shape(bare(path))) not in PUBLIC, "it has come: take the word `planned` away"
    else:
        assert (method, shape(bare(path))) in PUBLIC
        assert service_for(method, re.sub(r"\{[^}]+\}", "x", bare(path))) == service


@pytest.mark.parametrize(("table", "database", "status"), rows("Tables"))
def test_every_table_of_the_requirement_is_in_its_database(
    table: str, database: str, status: str, databases: Databases
) -> None:
    named = re.search(r"as `(\w+)`", status)
    name = named[1] if named else bare(table)
    connection = psycopg2.connect(databases.audit_url(SERVICE_OF[database]))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (f"public.{name}",))
        found = cursor.fetchone()
    connection.close()
    assert found == (not is_planned(status),)


@pytest.mark.parametrize(("_name", "topic", "type_", "status"), rows("Events"))
def test_every_event_of_the_requirement_is_in_the_catalogue(
    _name: str, topic: str, type_: str, status: str
) -> None:
    known = {(event.topic, event.type, event.version) for event in EVENTS}
    assert ((bare(topic), bare(type_), 1) in known) == (not is_planned(status))


@pytest.mark.parametrize(("name", "module", "values"), rows("Enums"))
def test_every_enum_of_the_requirement_has_the_values_that_the_map_names(
    name: str, module: str, values: str
) -> None:
    enum = getattr(importlib.import_module(f"niyat.{bare(module)}"), bare(name))
    named = re.findall(r"`([^`]+)`", values)
    if named:
        assert [member.value for member in enum] == named
    else:
        assert len(list(enum)) > 0
