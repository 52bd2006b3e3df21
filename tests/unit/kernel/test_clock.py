"""No process's own clock decides about anything but tokens: holds and every other rule read the database's."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "src" / "niyat"
THE_CLOCK = SOURCE / "kernel" / "clock.py"
THE_VENDORS = SOURCE / "sandbox"  # a world of its own, with its own clock
WALL_CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"}
MODULES = {"datetime", "date", "time", "dt"}


def wall_clocks(path: Path) -> list[str]:
    """Where a file asks its process what time it is."""
    return [
        f"{path.name}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WALL_CLOCKS
        and isinstance(node.func.value, ast.Name | ast.Attribute)
        and (node.func.value.id if isinstance(node.func.value, ast.Name) else node.func.value.attr) in MODULES
    ]


@pytest.mark.failure_row(45)
def test_a_process_whose_clock_is_wrong_has_nothing_to_get_wrong() -> None:
    assert len(wall_clocks(THE_CLOCK)) == 2  # what is looked for is found
    found = [
        where
        for path in SOURCE.rglob("*.py")
        if path != THE_CLOCK and THE_VENDORS not in path.parents
        for where in wall_clocks(path)
    ]
    assert found == []
