"""Refuses every clock in our SQL but `niyat_now()`, which tests can move. Its body is the one exception."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

CLOCK = re.compile(
    r"\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(\s*\)"
    r"|\b(?:current_timestamp|current_date|current_time|localtimestamp|localtime)\b",
    re.IGNORECASE,
)
SQL_WORD = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|WHERE|SET|VALUES|INTERVAL)\b")
SQL_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
HOME_OF_THE_CLOCK = "kernel/migrations/V1__create_kernel_tables.sql"
BODY_OF_THE_CLOCK = "AS $$ SELECT now() $$"


def main(folder: Path) -> int:
    found = [line for path in sorted(folder.rglob("*")) for line in check(path)]
    for line in found:
        print(line)
    if found:
        print("Use niyat_now(): tests move it (STYLE.md, Transactions).")
    return len(found) > 0


def check(path: Path) -> list[str]:
    """One line for each clock in the file."""
    if path.suffix == ".sql":
        pieces = [(1, path.read_text())]
    elif path.suffix == ".py":
        pieces = list(strings(ast.parse(path.read_text())))
    else:
        return []
    return [
        f"{path}:{line + text[: match.start()].count(chr(10))}: {match.group()}"
        for line, sql in pieces
        for text in [without_exceptions(path, sql)]
        for match in CLOCK.finditer(text)
        if path.suffix == ".sql" or "(" in match.group() or SQL_WORD.search(sql)
    ]


def without_exceptions(path: Path, sql: str) -> str:
    """The SQL without its comments (their lines stay) and without the body of niyat_now()."""
    text = SQL_COMMENT.sub(lambda comment: "\n" * comment.group().count("\n"), sql)
    if path.as_posix().endswith(HOME_OF_THE_CLOCK):
        text = text.replace(BODY_OF_THE_CLOCK, "", 1)
    return text


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string of a module that is not a docstring, with its first line."""
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "src")))
