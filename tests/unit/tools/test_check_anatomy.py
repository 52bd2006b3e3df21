"""The lint that holds every service to one anatomy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.check_anatomy import FILES, LONG, LONGEST, SERVICES, breaches, main

HERE = Path(__file__).parents[3] / "src" / "niyat"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A package that has all it should have."""
    for service in SERVICES:
        for name in FILES:
            file = tmp_path / service / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("") if file.suffix else file.mkdir()
    return tmp_path


def test_what_has_the_anatomy_passes(root: Path) -> None:
    assert main(root) == 0


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_found(root: Path, name: str) -> None:
    file = root / "appointments" / name
    file.unlink() if file.is_file() else file.rmdir()
    assert list(breaches(root)) == [f"appointments/{name}: missing"]
    assert main(root) == 1


def test_a_long_module_is_found_unless_it_says_why(root: Path) -> None:
    long = "x = 1\n" * (LONGEST + 1)
    (root / "appointments" / "queries.py").write_text(long)
    allowed = root / "events" / "catalogue.py"
    allowed.parent.mkdir()
    allowed.write_text(long)
    assert list(breaches(root)) == [f"appointments/queries.py: {LONGEST + 1} lines, more than {LONGEST}"]


def test_a_column_named_state_is_found(root: Path) -> None:
    folder = root / "identity" / "migrations"
    (folder / "V1__x.sql").write_text("CREATE TABLE t (\n    id uuid,\n    state text NOT NULL\n);")
    (folder / "V2__x.sql").write_text("CREATE TABLE u (\n    status text NOT NULL -- the state it is in\n);")
    assert list(breaches(root)) == ["identity/migrations/V1__x.sql: a column named state; the name is status"]


def test_every_module_allowed_to_be_long_is() -> None:
    assert [name for name in LONG if len((HERE / name).read_text().splitlines()) <= LONGEST] == []


def test_appointments_has_the_anatomy() -> None:
    assert [breach for breach in breaches(HERE) if breach.startswith("appointments/")] == []
