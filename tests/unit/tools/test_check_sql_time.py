"""The lint that keeps SQL to one clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.check_sql_time import BODY_OF_THE_CLOCK, HOME_OF_THE_CLOCK, check, main

CLOCKS = ["now()", "NOW ()", "CURRENT_TIMESTAMP", "current_date", "clock_timestamp()"]


@pytest.mark.parametrize("clock", CLOCKS)
def test_another_clock_is_refused_in_sql_and_in_python(tmp_path: Path, clock: str) -> None:
    sql = tmp_path / "V1__x.sql"
    sql.write_text(f"-- first\nCREATE TABLE t (at timestamptz DEFAULT {clock});")
    assert check(sql) == [f"{sql}:2: {clock}"]
    code = tmp_path / "x.py"
    code.write_text(f'Q = """\nSELECT {clock}\n"""\n')
    assert len(check(code)) == 1
    assert main(tmp_path) == 1


def test_our_clock_comments_and_prose_pass(tmp_path: Path) -> None:
    (tmp_path / "V1__x.sql").write_text("SELECT niyat_now(); -- not now()\n/* CURRENT_DATE */")
    (tmp_path / "x.py").write_text('"""SELECT now() is prose."""\nPAY = "Pay now (500 rupees)"\n')
    assert main(tmp_path) == 0


def test_only_the_body_of_our_clock_may_ask_the_real_one(tmp_path: Path) -> None:
    home = tmp_path / HOME_OF_THE_CLOCK
    home.parent.mkdir(parents=True)
    home.write_text(BODY_OF_THE_CLOCK)
    assert main(tmp_path) == 0
    home.write_text(BODY_OF_THE_CLOCK + BODY_OF_THE_CLOCK)
    assert main(tmp_path) == 1
