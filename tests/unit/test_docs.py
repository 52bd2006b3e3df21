"""What the documentation says of the project, held against the project."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tools import settings_page

ROOT = Path(__file__).parents[2]


def test_every_dependency_has_its_reason_on_the_page_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[\[<>=]", line)[0] for line in project["dependencies"]}
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| ")][1:]
    explained = {name.strip() for row in rows for name in row.split(",")}
    assert explained == declared


def test_every_file_that_the_documents_name_exists() -> None:
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "STYLE.md", ROOT / "CONTRIBUTING.md"]
    named = {
        (page.name, path)
        for page in pages
        for path in re.findall(
            r"`((?:src|docs|tests|tools|bench)/[\w./-]+)`", page.read_text(encoding="utf-8")
        )
    }
    assert {(page, path) for page, path in named if not (ROOT / path).exists()} == set()


def test_every_decision_has_a_number_of_its_own_which_its_title_repeats() -> None:
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    titled = [int(page.read_text(encoding="utf-8").removeprefix("# ").partition(".")[0]) for page in pages]
    assert [int(page.name[:4]) for page in pages] == titled == list(range(1, len(pages) + 1))


def test_the_page_of_settings_is_what_the_services_declare() -> None:
    assert settings_page.PAGE.read_text(encoding="utf-8") == settings_page.page(), (
        "run python -m tools.settings_page"
    )
