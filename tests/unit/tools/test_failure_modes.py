"""Every one of the sixty failures is shown by a test, or named as open with its reason; the page says which."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import failure_modes
from tools.failure_rows import OPEN, ROWS


def test_there_are_sixty_rows() -> None:
    assert list(ROWS) == list(range(1, 61))
    assert set(OPEN) <= set(ROWS)


def test_every_row_is_shown_by_a_test_or_named_as_open() -> None:
    shown = set(failure_modes.marks())
    assert {row for row in ROWS if row not in shown | set(OPEN)} == set()
    assert shown & set(OPEN) == set(), "shown now: take these out of OPEN in tools/failure_rows.py"


def test_the_page_says_what_the_tests_say() -> None:
    assert failure_modes.PAGE.read_text(encoding="utf-8") == failure_modes.page(), (
        "run python -m tools.failure_modes"
    )


def test_marks_are_read_from_tests_and_from_their_cases(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(
        "@pytest.mark.failure_row(2, 3)\n@pytest.mark.long\nasync def test_one(): ...\n"
        "@pytest.mark.parametrize('a', [pytest.param(1, marks=pytest.mark.failure_row(3)), 2])\n"
        "def test_two(a): ...\n"
        "def test_three(): ...\n"
    )
    one, two = "tests/test_a.py::test_one", "tests/test_a.py::test_two"
    assert failure_modes.marks(tmp_path / "tests") == {2: [one], 3: [one, two]}
    (tmp_path / "tests" / "test_a.py").write_text("@pytest.mark.failure_row(61)\ndef test_one(): ...\n")
    with pytest.raises(ValueError, match="61"):
        failure_modes.marks(tmp_path / "tests")
