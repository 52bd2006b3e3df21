"""Writes `docs/failure-modes.md` from the tests' own marks: `python -m tools.failure_modes`.

A test is marked with the rows that it shows: `@pytest.mark.failure_row(19, 20)`.
The marks are read, not run, so that the page can be checked in a moment.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.failure_rows import OPEN, ROWS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "failure-modes.md"
MARK = "failure_row"

HEAD = """\
# Failure modes

Generated from the tests by `python -m tools.failure_modes`; do not edit. Each row is a way in which booking and paying
goes wrong, what has to happen then, and the tests that bring it about and see it happen. Those about money end with the
ledger in balance. A test says which rows it shows: `@pytest.mark.failure_row(19)`.

| # | failure | what happens | shown by |
|---|---|---|---|
"""


def marks(tests: Path = ROOT / "tests") -> Mapping[int, list[str]]:
    """Row → the tests that are marked with it, as `file::name`."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in sorted(tests.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if MARK not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for row in sorted(set(_rows(node))):
                    found[row].append(f"{path.relative_to(tests.parent).as_posix()}::{node.name}")
    return {row: sorted(names) for row, names in sorted(found.items())}


def _rows(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[int]:
    """The rows of a test's mark; a parametrised test's cases may have their own."""
    for decorator in test.decorator_list:
        for node in ast.walk(decorator):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == MARK:
                for argument in node.args:
                    row = ast.literal_eval(argument)
                    if row not in ROWS:
                        raise ValueError(f"{test.name} is marked with row {row!r}, which there is not")
                    yield row


def page() -> str:
    """The page as it should be."""
    shown = marks()
    return HEAD + "".join(_line(row, shown.get(row, [])) for row in ROWS)


def _line(row: int, tests: list[str]) -> str:
    failure, behaviour = ROWS[row]
    by = "<br>".join(f"`{test}`" for test in tests) or f"open: {OPEN.get(row, 'shown by no test')}"
    return f"| {row} | {failure} | {behaviour} | {by} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
